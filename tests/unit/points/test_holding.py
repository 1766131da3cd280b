"""Holds on books in memory: who holds what, line by line; which races one may lose, and how that is told."""

from datetime import timedelta

import pytest

from services.points.commands.capture_hold import CaptureHold
from services.points.commands.expire_hold import ExpireHold
from services.points.domain.account import AccountRole, held_account
from services.points.domain.amounts import CNY_PER_FEN
from services.points.domain.hold import CaptureAboveHold, HoldClosed, HoldExpired
from services.points.domain.rulebook import RuleKind, merged
from shared.kernel.principal import Principal, Role
from shared.kernel.refusal import NotFound
from tests.unit.points.ledger import ACCOUNTS, balances, clearing, version
from tests.unit.points.small_books import (
    NOON,
    asked,
    capture,
    earn,
    hold,
    hold_id,
    obey,
    redeem,
    release,
    small_books,
    transfers,
)

MINUTE = timedelta(minutes=1)
DAY = timedelta(hours=24)


def test_a_flat_of_6_million_is_held_at_the_hotel_captured_twice_and_the_rest_comes_back() -> None:
    """A ¥6 m flat issues 30,000 RESI; 15,000 are held for a stay, 12,000 and 1,000 captured, 2,000 come back.

    | account | after the hold | after the first capture | at the end |
    | --- | ---: | ---: | ---: |
    | issued: residential | −30,000 | −30,000 | −30,000 |
    | wallet | 15,000 | 15,000 | 17,000 |
    | held | 15,000 | 3,000 | 0 |
    | redeemed: hotel | 0 | 12,000 | 13,000 |
    | clearing: residential | 0 | −¥120 | −¥130 |
    | clearing: hotel | 0 | ¥120 | ¥130 |

    Nothing is owed while points are only held. Source: worked check 1 of the business rules, with a hold.
    """
    books = small_books("residential:1")
    obey(books, earn("residential", "1", 600_000_000))
    placed = obey(books, hold("residential:1", "hotel", 15_000))
    wallet = books.wallet("residential:1").account
    issued = ACCOUNTS.of(AccountRole.ISSUED, "residential")
    redeemed = ACCOUNTS.of(AccountRole.REDEEMED, "hotel")
    assert balances(transfers(books)) == {
        (issued, "RESI"): -30_000,
        (wallet, "RESI"): 15_000,
        (held_account(wallet), "RESI"): 15_000,
    }
    first = obey(books, capture(placed, "1", 12_000))
    assert first.answer["owed"] == [{"issuer": "residential", "amount_fen": 12_000}]
    assert balances(transfers(books)) == {
        (issued, "RESI"): -30_000,
        (wallet, "RESI"): 15_000,
        (held_account(wallet), "RESI"): 3_000,
        (redeemed, "RESI"): 12_000,
        clearing("residential"): -12_000 * CNY_PER_FEN,
        clearing("hotel"): 12_000 * CNY_PER_FEN,
    }
    last = obey(books, capture(placed, "2", 1_000, final=True))
    assert [one["points"] for one in last.answer["released"]] == [2_000]
    assert balances(transfers(books)) == {
        (issued, "RESI"): -30_000,
        (wallet, "RESI"): 17_000,
        (redeemed, "RESI"): 13_000,
        clearing("residential"): -13_000 * CNY_PER_FEN,
        clearing("hotel"): 13_000 * CNY_PER_FEN,
    }
    assert books.holders["holder"] == 4


def test_a_whole_capture_moves_between_units_what_a_redemption_moves() -> None:
    """100 MALL and 300 HOTL pay 797 GRUP at the office, held first: value and claims as if paid at once."""
    later = NOON + 2 * MINUTE
    held, redeemed = (small_books("mall-east:1", "hotel:1", now=later) for _ in range(2))
    for books in (held, redeemed):
        obey(books, earn("hotel", "1", 10_000, "1"))
        obey(books, earn("mall-east", "1", 100_000, "2", NOON + MINUTE))
    placed = obey(held, hold("hotel:1", "office", 797, at=later))
    captured = obey(held, capture(placed, "1", 797, later))
    paid = obey(redeemed, redeem("hotel:1", "office", 797, at=later))
    assert balances(transfers(held)) == balances(transfers(redeemed))
    for name in ("paid_fen", "owed", "change_points"):
        assert captured.answer[name] == paid.answer[name]
    assert captured.answer["released"] != []


def test_a_rate_that_changes_meanwhile_does_not_touch_a_hold() -> None:
    books = small_books("mall-east:1", "office:1")
    obey(books, earn("mall-east", "1", 100_000))
    placed = obey(books, hold("mall-east:1", "office", 500))
    body = {"numerator": 1, "denominator": 1}
    cheaper = version(RuleKind.RATE, "MALL", 2, (NOON + MINUTE), body)
    books.rulebook = merged(books.rulebook, (cheaper,))
    paid = obey(books, capture(placed, "1", 500, NOON + 2 * MINUTE))
    assert [(one["points"], one["paid_fen"]) for one in paid.answer["taken"]] == [(100, 500)]


def test_whoever_comes_after_the_end_is_told_how_it_ended() -> None:
    books = small_books("office:1")
    obey(books, earn("office", "1", 200_000))
    released = obey(books, hold("office:1", "hotel", 300))
    obey(books, release(released))
    with pytest.raises(HoldClosed) as refused:
        obey(books, capture(released, "1", 1))
    assert refused.value.facts["ended_by"] == "released"
    over = obey(books, hold("office:1", "hotel", 300, "2", lasts_s=60))
    with pytest.raises(HoldExpired):
        obey(books, capture(over, "1", 1, NOON + MINUTE))
    obey(books, ExpireHold(asked(), hold_id(over), NOON + MINUTE))
    for late in (capture(over, "1", 1, NOON), release(over, NOON)):
        with pytest.raises(HoldExpired):
            obey(books, late)
    again = ExpireHold(asked(), hold_id(over), NOON + DAY)
    assert obey(books, again).changes == ()


def test_an_expiry_that_comes_too_early_or_for_nothing_changes_nothing() -> None:
    books = small_books("office:1")
    obey(books, earn("office", "1", 200_000))
    placed = obey(books, hold("office:1", "hotel", 300))
    early = ExpireHold(asked(), hold_id(placed), NOON + DAY - timedelta(microseconds=1))
    assert obey(books, early).changes == ()
    assert obey(books, ExpireHold(asked(), asked().id, NOON + DAY)).changes == ()


def test_captures_never_come_to_more_than_the_hold() -> None:
    books = small_books("office:1")
    obey(books, earn("office", "1", 200_000))
    placed = obey(books, hold("office:1", "hotel", 300))
    obey(books, capture(placed, "1", 299))
    with pytest.raises(CaptureAboveHold):
        obey(books, capture(placed, "2", 2))
    last = obey(books, capture(placed, "3", 1))
    assert (last.answer["state"], last.answer["captured_fen"]) == ("closed", 300)
    with pytest.raises(HoldClosed):
        obey(books, capture(placed, "4", 1))


def test_a_capture_is_never_dated_before_its_hold() -> None:
    books = small_books("office:1")
    obey(books, earn("office", "1", 200_000))
    placed = obey(books, hold("office:1", "hotel", 300))
    early = obey(books, capture(placed, "1", 100, NOON - MINUTE))
    assert early.answer["occurred_at"] == NOON


def test_a_hold_of_another_unit_is_not_found() -> None:
    books = small_books("office:1")
    obey(books, earn("office", "1", 200_000))
    placed = obey(books, hold("office:1", "hotel", 300))
    till = asked(Principal("till-office", Role.UNIT_SYSTEM, "office"))
    with pytest.raises(NotFound):
        obey(books, CaptureHold(till, hold_id(placed), "1", 100))
    assert obey(books, capture(placed, "1", 100)).answer["paid_fen"] == 100


def test_events_of_a_hold_follow_one_another_under_its_holder() -> None:
    at = NOON + 2 * MINUTE
    books = small_books("office:1", "mall-east:1", now=at)
    obey(books, earn("office", "1", 20_000))
    obey(books, earn("mall-east", "1", 100_000, "2", NOON + MINUTE))
    placed = obey(books, hold("office:1", "hotel", 203, at=at))
    part = obey(books, capture(placed, "a", 101, at))
    back = obey(books, release(placed, at))
    events = [event for outcome in (placed, part, back) for event in outcome.events]
    assert [(one.type, one.seq) for one in events] == [
        ("points.hold.placed", 3),
        ("points.hold.captured", 4),
        ("points.hold.released", 5),
    ]
    assert events[0].data["slices"] == [
        {"asset": "OFFI", "issuer": "office", "points": 100},
        {"asset": "MALL", "issuer": "mall-east", "points": 21},
    ]
    assert events[1].data["left_fen"] == 102
    assert events[2].data["cause"] == "released"
    assert events[2].data["slices"] == [
        {"asset": "GRUP", "issuer": "mall-east", "points": 4},
        {"asset": "MALL", "issuer": "mall-east", "points": 20},
    ]
