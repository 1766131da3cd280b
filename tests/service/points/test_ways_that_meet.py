"""Two ways that meet in one number, one hold or one purse: each is attacked alone elsewhere."""

from datetime import timedelta

from services.points.commands.approve_adjustment import ApproveAdjustment
from services.points.commands.place_hold import PlaceHold
from services.points.commands.request_adjustment import RequestAdjustment
from services.points.domain.adjustment import AdjustmentKind
from services.points.domain.redemption import Price
from services.points.domain.rulebook import RuleKind
from shared.kernel.calendar import month_of
from shared.kernel.command import Command
from shared.kernel.ids import read
from shared.runtime.clock import now
from tests.service.points.closing_room import audited
from tests.service.points.exchanging import carrying_out, quoting
from tests.service.points.hold_room import MINUTE, capture, hold, placed, release
from tests.service.points.ledger_house import (
    APPROVER,
    BEGINNING,
    DRAFTER,
    NOON,
    LedgerHouse,
    answer_of,
    asked,
    code_of,
    earn,
    link,
    redeem,
    redeem_up_to,
)
from tests.service.points.test_gifts import confirm, member, prepared

GIFT_CRUMBS = 1_100
"""Lots of one gift."""


def test_an_order_paid_by_a_number_gets_its_first_answer_once_the_number_is_linked(
    house: LedgerHouse,
) -> None:
    number = house.fund("before", 1_000)
    first = answer_of(house.obey(redeem(number, "hotel", "before-1", 200))[0])
    waiting = placed(house, hold(number, "before-2", 300))
    answer_of(house.obey(link("mem_after", "office", "before"))[0])
    again = house.obey(redeem(number, "hotel", "before-1", 200), hold(number, "before-2", 300))
    assert [answer_of(one) for one in again] == [first, waiting]
    by_member = house.obey(redeem("mem_after", "hotel", "before-1", 200), hold("mem_after", "before-2", 300))
    assert [answer_of(one) for one in by_member] == [first, waiting]
    assert house.points_of(number) == 500
    stranger = house.fund("stranger", 1_000)
    refused = house.obey(redeem(stranger, "hotel", "before-1", 200), hold(stranger, "before-2", 300))
    assert [code_of(one) for one in refused] == ["order-redeemed", "order-held"]


def test_an_order_gets_its_first_answer_behind_the_link_in_the_same_batch(house: LedgerHouse) -> None:
    number = house.fund("beside", 1_000)
    first = answer_of(house.obey(redeem(number, "hotel", "beside-1", 200))[0])
    waiting = placed(house, hold(number, "beside-2", 300))
    batch: list[Command] = [
        redeem(number, "hotel", "beside-3", 100),
        link("mem_beside", "office", "beside"),
        redeem(number, "hotel", "beside-1", 200),
        hold(number, "beside-2", 300),
        redeem("mem_beside", "hotel", "beside-1", 200),
        hold("mem_beside", "beside-2", 300),
        redeem("mem_beside", "hotel", "beside-3", 100),
    ]
    answers = house.obey(*batch)
    assert [code_of(one) for one in answers] == ["ok"] * len(batch)
    third = answer_of(answers[0])
    assert [answer_of(one) for one in answers[2:]] == [first, waiting, first, waiting, third]
    assert house.points_of(number) == 400


def test_an_order_lets_one_hold_go_and_gets_another_in_the_same_batch(house: LedgerHouse) -> None:
    number = house.fund("turn", 1_000)
    told = placed(house, hold(number, "turn-1", 300))
    answers = house.obey(release(told), hold(number, "turn-1", 200, at=NOON + MINUTE))
    assert [code_of(one) for one in answers] == ["ok", "ok"]
    # One that clashes is obeyed again by halves, and slows down everybody beside it.
    journals = [read("jrn", answer_of(one)["journal"]) for one in answers]
    batches = house.rows(
        "SELECT count(DISTINCT batch_id) FROM journals WHERE id = ANY (%s::uuid[])", journals
    )
    assert batches == [(1,)]
    assert house.points_of(number) == 800


def test_a_capture_that_ends_a_hold_may_be_dated_before_another(house: LedgerHouse) -> None:
    number = house.fund("early", 1_000)
    told = placed(house, hold(number, "early-1", 300))
    answer_of(house.obey(capture(told, "1", 100, at=NOON + 30 * MINUTE))[0])
    answer_of(house.obey(capture(told, "2", 100, at=NOON + 10 * MINUTE, final=True))[0])
    assert audited(house.database).findings == ()


def purse_of_crumbs(house: LedgerHouse, lots: int) -> str:
    """Let somebody be given that many lots of a point each, worth three and a half fen: by itself, three.

    :param lots: a multiple of what one gift brings, 1,100.
    """
    house.open_month(month_of(now()))
    house.add_rule(RuleKind.RATE, "OFFI", {"numerator": 7, "denominator": 2}, BEGINNING + timedelta(days=1))
    giver, receiver = member(house, "crumbs"), member(house, "whole")
    at = now() - timedelta(hours=1)
    for first in range(0, lots, GIFT_CRUMBS):
        earned = house.obey(*(earn("office", "crumbs", 200, f"{first + n}", at) for n in range(GIFT_CRUMBS)))
        assert {code_of(one) for one in earned} == {"ok"}
        answer_of(house.obey(confirm(giver, prepared(house, giver, receiver, GIFT_CRUMBS)))[0])
    return receiver


def test_whoever_is_given_a_purse_of_crumbs_pays_from_it_in_steps(fresh: LedgerHouse) -> None:
    receiver = purse_of_crumbs(fresh, 2 * GIFT_CRUMBS)
    stated = now()
    wishes: list[Command] = [
        redeem(receiver, "hotel", "crumbs-1", 6_300, stated),
        hold(receiver, "crumbs-2", 6_300, at=stated),
        redeem(receiver, "hotel", "crumbs-3", 4_500, stated),
        redeem(receiver, "hotel", "crumbs-4", 1_800, stated),
    ]
    codes = [code_of(one) for one in fresh.obey(*wishes)]
    assert codes == ["too-many-lots", "too-many-lots", "ok", "ok"]
    assert audited(fresh.database).findings == ()


def test_as_much_as_can_be_is_what_fifteen_hundred_crumbs_are_worth(fresh: LedgerHouse) -> None:
    receiver = purse_of_crumbs(fresh, 4 * GIFT_CRUMBS)
    stated = now()
    most = redeem_up_to(receiver, "hotel", "most-1", 20_000, stated)
    first = answer_of(fresh.obey(most)[0])
    assert (first["paid_fen"], len(first["taken"]), first["change_points"]) == (4_500, 1_500, 0)
    assert answer_of(fresh.obey(most)[0]) == first
    price = Price(40_000, None, 20_000)
    held = answer_of(fresh.obey(PlaceHold(asked(), receiver, "hotel", "most-2", price, None, stated))[0])
    assert (held["amount_fen"], len(held["slices"])) == (4_500, 1_500)
    rest = answer_of(fresh.obey(redeem_up_to(receiver, "hotel", "most-3", 20_000, stated))[0])
    assert rest["paid_fen"] == (4_400 - 3_000) * 3
    assert audited(fresh.database).findings == ()


def test_a_quote_ahead_of_time_is_void_once_other_rates_hold_then(fresh: LedgerHouse) -> None:
    at = now() + timedelta(hours=1)
    for month in {month_of(now()), month_of(at)}:
        fresh.open_month(month)
    who = fresh.fund("ahead", 1_000, at=now() - timedelta(minutes=1))
    quotes = [answer_of(one) for one in fresh.obey(*(quoting(who, "OFFI-MALL", 100, at=at) for _ in "ab"))]
    later_on = {"numerator": 1, "denominator": 2}
    fresh.add_rule(RuleKind.RATE, "HOTL", later_on, now() + timedelta(minutes=5))
    # What has nothing to do with the two assets leaves the quote as it is.
    assert code_of(fresh.obey(carrying_out(who, quotes[0], at))[0]) == "ok"
    cheaper = {"numerator": 4, "denominator": 1}
    fresh.add_rule(RuleKind.RATE, "MALL", cheaper, now() + timedelta(minutes=5))
    assert code_of(fresh.obey(carrying_out(who, quotes[1], at))[0]) == "quote-void"
    assert audited(fresh.database).findings == ()


def test_an_approval_by_a_clock_set_back_is_not_dated_before_its_request(house: LedgerHouse) -> None:
    who = house.fund("patient", 10)
    grant = AdjustmentKind.GRANT
    wish = RequestAdjustment(asked(principal=DRAFTER), grant, "office", who, 40, "a late bus", NOON + MINUTE)
    id_ = read("grt", answer_of(house.obey(wish)[0])["grant"]) or ""
    answer_of(house.obey(ApproveAdjustment(asked(principal=APPROVER), grant, id_, NOON))[0])
    assert house.points_of(who) == 50
    assert audited(house.database).findings == ()
