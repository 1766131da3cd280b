"""Vouchers: points are gone only for a coupon, no coupon is given away, whatever the partner's answers do."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from threading import Thread

import pytest

from services.points.commands.approve_rule import ApproveRule
from services.points.commands.draft_rule import DraftRule
from services.points.commands.settle_voucher import SettleVoucher
from services.points.domain.rulebook import RuleKind
from services.points.domain.voucher import Coupon
from services.points.jobs.expire_holds import expire_due_holds
from services.points.jobs.vouchers import lanes_of
from services.points.store.secret import Secret
from shared.kernel.ids import read, shown
from shared.kernel.principal import Principal, Role
from shared.runtime.clock import now
from shared.runtime.database import connect
from shared.runtime.errands import EVERY_LANE, Errands, Lanes
from shared.web.keys import new_private_key
from shared.web.signatures import RequestSigner
from tests.service.points.hold_room import capture, release
from tests.service.points.ledger_house import (
    APPROVER,
    DRAFTER,
    IMPORTER,
    LedgerHouse,
    answer_of,
    asked,
    code_of,
    later,
)
from tests.service.points.voucher_room import (
    FAULTS,
    OFFER,
    PRICE_FEN,
    SECRET,
    Booth,
    booth,
    member,
    offers,
    until,
    wish,
)

OVER = timedelta(hours=1)


@pytest.fixture(scope="module")
def sold(house: LedgerHouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booth]:
    """Lend a booth; whatever its tests did, both sides count the same."""
    offers(house)
    with booth(house, tmp_path_factory.mktemp("partner")) as opened:
        yield opened
        opened.check("all tests of vouchers together", waiting=0)


@pytest.fixture(autouse=True)
def nothing_ordered(sold: Booth) -> Iterator[None]:
    """Let each test begin with a partner that answers well, and end with nothing under way."""
    sold.partner.order([])
    yield
    sold.partner.order([])
    sold.carry()
    assert sold.under_way() == 0


def test_points_wait_until_the_coupon_has_come_and_are_taken_whole(sold: Booth) -> None:
    who = member(sold.house, "a", 2_500)
    voucher = sold.ask(who)
    assert sold.voucher(voucher)["state"] == "asked"
    assert (sold.voucher(voucher)["on_hold"], sold.house.available(who, now())) == (PRICE_FEN, 500)
    sold.carry()
    seen = sold.voucher(voucher)
    assert (seen["state"], seen["ended_by"], seen["captured_fen"]) == ("issued", "captured", PRICE_FEN)
    assert seen["code"] == sold.partner.book.issued()[shown("vch", voucher)]
    assert sold.house.available(who, now()) == 500
    owed = sold.house.rows("SELECT answer::json -> 'owed' FROM redemptions WHERE hold_id = %s", voucher)
    assert owed == [([{"amount_fen": PRICE_FEN, "issuer": "office"}],)]
    told = sold.house.rows("SELECT type, seq FROM outbox WHERE key = %s ORDER BY seq", shown("vch", voucher))
    assert told == [("points.voucher.asked", 1), ("points.voucher.issued", 2)]


def test_each_partner_has_a_messenger_of_its_own_and_the_rest_one_together(sold: Booth) -> None:
    addresses = {"taxi": "https://taxi.test", "cinema": "https://cinema.test"}
    assert lanes_of(addresses) == [
        Lanes(("cinema",)),
        Lanes(("taxi",)),
        Lanes(("cinema", "taxi"), others=True),
    ]
    assert lanes_of({}) == [EVERY_LANE]
    voucher = sold.sold_to(member(sold.house, "lanes", PRICE_FEN))
    voiding = sold.void(voucher)
    numbers = (shown("vch", voucher), shown("vdg", voiding))
    lanes = sold.house.rows("SELECT DISTINCT lane FROM errands WHERE subject IN %s", numbers)
    assert lanes == [("taxi",)]


def test_the_code_lies_nowhere_but_under_its_seal(sold: Booth) -> None:
    voucher = sold.ask(member(sold.house, "b", PRICE_FEN))
    sold.carry()
    code = sold.voucher(voucher)["code"]
    for table in ("outbox", "inbox", "errands", "journals", "redemptions", "holds", "vouchers"):
        found = sold.house.rows(f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s", f"%{code}%")
        assert found == [(0,)], table


def test_what_is_sold_out_gives_every_point_back(sold: Booth) -> None:
    who = member(sold.house, "c", PRICE_FEN)
    sold.partner.order(["sold-out"])
    voucher = sold.ask(who)
    sold.carry()
    seen = sold.voucher(voucher)
    assert (seen["state"], seen["reason"], seen["ended_by"]) == ("refused", "sold-out", "released")
    assert (seen["on_hold"], sold.house.available(who, now())) == (0, PRICE_FEN)


@pytest.mark.parametrize("fault", FAULTS)
def test_an_answer_that_fails_is_asked_for_again_under_the_same_number(sold: Booth, fault: str) -> None:
    who = member(sold.house, f"fault {fault}", PRICE_FEN)
    before = len(sold.partner.asked)
    sold.partner.order([fault, fault])
    voucher = sold.ask(who)
    sold.carry()
    questions = sold.partner.asked[before:]
    assert set(questions) == {shown("vch", voucher)}
    assert len(questions) == (1 if fault == "twice" else 3)
    assert sold.voucher(voucher)["state"] == "issued"
    sold.check(f"{fault} twice, {len(questions)} questions")


@pytest.mark.parametrize("fault", ["error", "slow"])
def test_a_partner_that_never_issued_is_told_to_let_be_and_the_points_come_back(
    sold: Booth, fault: str
) -> None:
    who = member(sold.house, f"over {fault}", PRICE_FEN)
    sold.partner.order([fault] * 3)
    voucher = sold.ask(who)
    sold.carry(rounds=1)
    assert sold.voucher(voucher)["state"] == "asked"
    sold.partner.order([])
    sold.carry(ahead=OVER)
    assert (sold.voucher(voucher)["state"], sold.voucher(voucher)["reason"]) == ("refused", "cancelled")
    # The slow question arrives only now: the partner was told that it must not issue any more.
    number = shown("vch", voucher)
    until(lambda: not sold.partner.busy)
    assert number not in sold.partner.book.issued()
    assert sold.house.available(who, now()) == PRICE_FEN
    sold.check(f"{fault} until the time was over")


@pytest.mark.parametrize("fault", ["lost", "late", "garbage", "error-after"])
def test_a_coupon_whose_word_was_lost_until_the_time_was_over_is_still_the_members(
    sold: Booth, fault: str
) -> None:
    who = member(sold.house, f"lost {fault}", PRICE_FEN)
    sold.partner.order([fault])
    voucher = sold.ask(who)
    sold.carry(rounds=1)
    sold.carry(ahead=OVER)
    assert sold.voucher(voucher)["state"] == "issued"
    assert sold.house.available(who, now()) == 0
    sold.check(f"{fault} until the time was over")


def test_silence_ends_nothing_however_long_it_lasts(sold: Booth) -> None:
    who = member(sold.house, "d", PRICE_FEN)
    voucher = sold.ask(who)
    sold.carry(rounds=3, address="http://127.0.0.1:9", ahead=OVER)
    sold.carry(rounds=2, signer=RequestSigner("tongfen", new_private_key()), ahead=OVER)
    connection = connect(sold.house.database.url("desk"))
    in_50_years = now() + timedelta(days=50 * 365)
    assert expire_due_holds(connection, sold.house.first.obey_all, in_50_years, stated_by=IMPORTER) is None
    connection.close()
    assert (sold.voucher(voucher)["state"], sold.voucher(voucher)["on_hold"]) == ("asked", PRICE_FEN)
    sold.check("a partner that is away, and one that knows us not", waiting=1)
    sold.carry()
    assert sold.voucher(voucher)["state"] == "issued"


def test_nobody_but_the_partners_word_ends_the_hold_of_a_voucher(sold: Booth) -> None:
    voucher = sold.ask(member(sold.house, "e", PRICE_FEN), "taxi-hotel")
    hold = {"hold": shown("hld", voucher)}
    till = Principal("till-hotel", Role.UNIT_SYSTEM, "hotel")
    tried = sold.house.obey(
        *(release(hold, by=who, at=now()) for who in (till, IMPORTER)),
        *(capture(hold, "1", 1, by=who, at=now()) for who in (till, IMPORTER)),
    )
    assert [code_of(answer) for answer in tried] == ["hold-bound"] * 4
    stranger = sold.house.obey(release(hold, by=Principal("till-office", Role.UNIT_SYSTEM, "office")))[0]
    assert code_of(stranger) == "not-found"


def test_the_same_word_again_and_a_contrary_one_change_nothing(sold: Booth) -> None:
    voucher = sold.ask(member(sold.house, "f", PRICE_FEN))
    coupon = Coupon(SECRET.sealed(voucher, "AGAIN"), SECRET.coupon_digest("taxi", "AGAIN"), now() + OVER)
    sold.carry()
    before = sold.voucher(voucher)
    answers = sold.house.obey(
        SettleVoucher(asked(), voucher, coupon),
        SettleVoucher(asked(), voucher, reason="sold-out"),
    )
    assert [answer_of(one)["state"] for one in answers] == ["issued", "issued"]
    assert sold.voucher(voucher) == before
    assert code_of(sold.house.obey(SettleVoucher(asked(), asked().id, coupon))[0]) == "not-found"


def test_each_refusal_says_why_and_moves_nothing(sold: Booth) -> None:
    who, poor = member(sold.house, "g", 3 * PRICE_FEN), member(sold.house, "h", PRICE_FEN - 1)
    refused = sold.house.obey(
        wish(who, "taxi-nowhere"),
        wish(who, "taxi-over"),
        wish(who, price_fen=PRICE_FEN - 1),
        wish(who, partner="cinema"),
        wish(poor),
    )
    assert [code_of(answer) for answer in refused] == [
        "no-such-offer",
        "no-such-offer",
        "offer-changed",
        "partner-unconnected",
        "insufficient-points",
    ]
    assert refused[2].refusal is not None
    assert refused[2].refusal.facts["price_fen"] == PRICE_FEN
    assert sold.house.available(who, now()) == 3 * PRICE_FEN
    declined = sold.house.rows("SELECT unit, code FROM declines WHERE order_no LIKE 'vch_%%'")
    assert declined == [("group", "insufficient-points")]


def test_a_days_limit_counts_what_is_asked_for_and_issued_but_nothing_refused(sold: Booth) -> None:
    who = member(sold.house, "i", 9 * PRICE_FEN)
    sold.partner.order(["sold-out"])
    sold.ask(who, "taxi-daily")
    sold.carry()
    sold.ask(who, "taxi-daily")
    sold.carry()
    sold.ask(who, "taxi-daily")
    assert code_of(sold.house.obey(wish(who, "taxi-daily"))[0]) == "voucher-limit-reached"
    sold.ask(who)


def test_an_offer_of_a_unit_that_there_is_not_is_never_approved(sold: Booth) -> None:
    begins = now() + timedelta(days=1)
    head = asked(principal=DRAFTER)
    body = {**OFFER, "unit": "nowhere"}
    drafted = answer_of(sold.house.obey(DraftRule(head, RuleKind.OFFER, "taxi-99", begins, body))[0])
    approval = ApproveRule(asked(principal=APPROVER), read("rul", drafted["rule"]) or "")
    assert code_of(sold.house.obey(approval)[0]) == "unknown-unit"


def test_a_code_is_opened_by_the_secret_and_for_the_voucher_that_sealed_it() -> None:
    sealed = SECRET.sealed("one", "RIDE-20")
    assert b"RIDE" not in sealed
    assert SECRET.sealed("one", "RIDE-20") != sealed
    assert SECRET.unsealed("one", sealed) == "RIDE-20"
    assert SECRET.unsealed("another", sealed) is None
    assert Secret(b"another secret").unsealed("one", sealed) is None


def test_a_repeat_is_the_first_answer_and_a_twin_one_effect(sold: Booth) -> None:
    who = member(sold.house, "j", 2 * PRICE_FEN)
    desks = (sold.house.first, sold.house.desk())
    first, twin = (later(desk, wish(who, key="once")) for desk in desks)
    bodies = {one.result()[0].json for one in (first, twin)}
    again = sold.house.obey(wish(who, key="once"))[0]
    assert bodies == {again.json}
    assert again.replayed
    assert sold.house.available(who, now()) == PRICE_FEN
    assert code_of(sold.house.obey(wish(who, "taxi-daily", key="once"))[0]) == "key-reused"


def test_20_wishes_at_once_get_exactly_what_the_points_pay(sold: Booth) -> None:
    who = member(sold.house, "k", 3 * PRICE_FEN + 5)
    desks = (sold.house.first, sold.house.desk())
    answers = [later(desks[place % 2], wish(who)) for place in range(20)]
    codes = Counter(code_of(one.result()[0]) for one in answers)
    assert codes == {"ok": 3, "insufficient-points": 17}
    sold.carry()
    assert sold.house.available(who, now()) == 5
    sold.check("20 wishes for 3")


def test_two_messengers_and_a_partner_full_of_faults_lose_and_double_nothing(sold: Booth) -> None:
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    print(f"seed {seed}")
    crowd = [sold.ask(member(sold.house, f"crowd {place}", PRICE_FEN)) for place in range(24)]
    sold.partner.order(chance.choice((*FAULTS, "sold-out")) for _ in range(40))
    desks = (sold.house.first, sold.house.desk())
    with sold.messenger(desk=desks[0]) as one, sold.messenger(desk=desks[1], ahead=OVER) as other:

        def ask(errands: Errands) -> None:
            while sold.under_way():
                errands.run_due()

        threads = [Thread(target=ask, args=(errands,)) for errands in (one, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    states = Counter(sold.voucher(voucher)["state"] for voucher in crowd)
    assert sum(states.values()) == states["issued"] + states["refused"] == 24
    until(lambda: not sold.partner.busy)
    sold.check(f"24 members, 40 faults, two messengers (seed {seed})", waiting=0)
