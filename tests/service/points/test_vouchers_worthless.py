"""Coupons that are worth nothing: over, or given before. Nobody pays for one, and no errand asks for ever."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from services.points.commands.settle_voucher import SettleVoucher
from services.points.domain.voucher import COUPON_KNOWN, COUPON_OVER, Coupon
from shared.kernel.ids import shown
from shared.runtime.clock import now
from tests.service.points.ledger_house import LedgerHouse, answer_of, asked, later
from tests.service.points.voucher_room import PRICE_FEN, SECRET, Booth, booth, member, offers

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def sold(house: LedgerHouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booth]:
    """Lend a booth whose partner gives coupons of all kinds."""
    offers(house)
    with booth(house, tmp_path_factory.mktemp("partner")) as opened:
        first = opened.ask(member(house, "first", PRICE_FEN))
        opened.carry()
        assert opened.voucher(first)["state"] == "issued"
        yield opened


def coupon(voucher: str, code: str, good_for: timedelta = HOUR) -> Coupon:
    """Make a coupon of the partner's, as the errand hands it to the desk."""
    return Coupon(SECRET.sealed(voucher, code), SECRET.coupon_digest("taxi", code), now() + good_for)


@pytest.mark.parametrize(
    ("fault", "reason", "ahead"),
    [
        ("again", COUPON_KNOWN, timedelta(0)),
        ("over", COUPON_OVER, timedelta(0)),
        ("again", COUPON_KNOWN, HOUR),
        ("over", COUPON_OVER, HOUR),
    ],
)
def test_a_worthless_coupon_gives_the_points_back_and_asks_for_a_person(
    sold: Booth, fault: str, reason: str, ahead: timedelta
) -> None:
    who = member(sold.house, f"{fault} {ahead}", PRICE_FEN)
    voucher, before = sold.ask(who), len(sold.partner.asked)
    number = shown("vch", voucher)
    if ahead:
        # The word of the first question is lost; only when the time is over is the coupon heard of.
        sold.partner.book.ask(number, "taxi-20", PRICE_FEN, again=fault == "again", over=fault == "over")
    else:
        sold.partner.order([fault])
    with capture_logs() as lines:
        sold.carry(ahead=ahead)
    assert (sold.under_way(), len(sold.partner.asked) - before) == (0, 1)
    seen = sold.voucher(voucher)
    assert (seen["state"], seen["reason"], seen["ended_by"]) == ("refused", reason, "released")
    assert (seen["captured_fen"], seen["on_hold"], seen["code"]) == (0, 0, None)
    assert sold.house.available(who, now()) == PRICE_FEN
    told = [line for line in lines if line["event"] == "voucher.worthless"]
    assert [(one["log_level"], one["voucher"], one["reason"]) for one in told] == [("error", number, reason)]
    causes = sold.house.rows("SELECT data::json ->> 'cause' FROM outbox WHERE key = %s AND seq = 2", number)
    assert causes == [(reason,)]
    # The word comes again, as words do: nothing changes, and whoever has the coupon keeps it.
    again = answer_of(sold.house.obey(SettleVoucher(asked(), voucher, coupon(voucher, "ANOTHER")))[0])
    assert (again["state"], again["reason"]) == ("refused", reason)
    wish_again = sold.ask(who)
    sold.carry()
    assert sold.voucher(wish_again)["state"] == "issued"


def test_one_coupon_given_to_twelve_at_two_desks_at_once_is_one_members(sold: Booth) -> None:
    crowd = [sold.ask(member(sold.house, f"crowd {place}", PRICE_FEN)) for place in range(12)]
    desks = (sold.house.first, sold.house.desk())
    told = [
        later(desks[place % 2], SettleVoucher(asked(), voucher, coupon(voucher, "ONE RIDE")))
        for place, voucher in enumerate(crowd)
    ]
    states = Counter(answer_of(one.result()[0])["state"] for one in told)
    assert states == {"issued": 1, "refused": 11}
    assert Counter(sold.voucher(one)["reason"] for one in crowd) == {None: 1, COUPON_KNOWN: 11}
    paid = sold.house.rows(
        "SELECT sum(paid_fen)::bigint FROM redemptions WHERE hold_id = ANY (%s::uuid[])", crowd
    )
    assert paid == [(PRICE_FEN,)]
    # The errands come late, and hear of what is settled.
    sold.carry()
    assert sold.under_way() == 0


def test_twelve_in_one_batch_are_told_apart_as_well(sold: Booth) -> None:
    crowd = [sold.ask(member(sold.house, f"batch {place}", PRICE_FEN)) for place in range(12)]
    answers = sold.house.obey(*(SettleVoucher(asked(), one, coupon(one, "ANOTHER RIDE")) for one in crowd))
    assert [answer_of(one)["state"] for one in answers] == ["issued", *["refused"] * 11]
    sold.carry()


def test_a_coupon_is_known_by_its_partner_and_code_and_its_digest_tells_no_code() -> None:
    digest = SECRET.coupon_digest("taxi", "RIDE-20")
    assert digest == SECRET.coupon_digest("taxi", "RIDE-20")
    assert digest not in {SECRET.coupon_digest("taxi", "RIDE-21"), SECRET.coupon_digest("cinema", "RIDE-20")}
    assert "RIDE" not in digest
    assert SECRET.pay_code_digest("RIDE-20") != digest


def test_a_coupon_is_good_until_its_end() -> None:
    moment = now()
    for end, worthless in ((moment + timedelta(microseconds=1), None), (moment, COUPON_OVER)):
        assert Coupon(b"", "d", end).worthless(moment, set()) == worthless
    assert Coupon(b"", "d", moment + HOUR).worthless(moment, {"d"}) == COUPON_KNOWN
