"""Decisions on books in memory: who may, when, in which month, and what never changes."""

import itertools
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.points.commands.earn_points import EarnPoints
from services.points.commands.expire_points import ExpirePoints
from services.points.commands.redeem_points import redeem_points
from services.points.domain.changes import JournalPosted, RedemptionDeclined
from services.points.domain.month import MonthNotOpen, MonthState
from services.points.domain.receipt import ReceiptConflict, ReceiptTooEarly, ReceiptTooLate
from services.points.domain.redemption import InsufficientPoints, OrderRedeemed
from services.points.domain.rulebook import Rulebook, RuleKind
from shared.kernel.calendar import SHANGHAI
from shared.kernel.principal import Principal, Role
from shared.kernel.refusal import Forbidden, NotFound, Refusal
from tests.unit.points.ledger import RATES, UNITS, WALLET, balances
from tests.unit.points.small_books import (
    NOON,
    asked,
    earn,
    obey,
    redeem,
    small_books,
    transfers,
)

TILL = Principal("till-office", Role.UNIT_SYSTEM, "office")
SECOND = timedelta(seconds=1)


def receipt(purchased_at: datetime, principal: Principal = TILL, unit: str = "office") -> EarnPoints:
    """Make a receipt that a unit's own system sends."""
    return EarnPoints(asked(principal), unit, "1", "17", "1", 2_000, purchased_at)


def test_a_till_sends_receipts_of_45_days_back_to_5_minutes_ahead() -> None:
    for moment in (NOON - timedelta(days=45), NOON + timedelta(minutes=5)):
        books = small_books("office:1")
        books.months[date(2016, 12, 1)] = MonthState.OPEN
        assert obey(books, receipt(moment)).answer["points"] == 10
    with pytest.raises(ReceiptTooLate):
        obey(small_books("office:1"), receipt(NOON - timedelta(days=45) - SECOND))
    with pytest.raises(ReceiptTooEarly):
        obey(small_books("office:1"), receipt(NOON + timedelta(minutes=5) + SECOND))


def test_another_units_receipt_is_not_found_and_a_stated_time_is_forbidden() -> None:
    with pytest.raises(NotFound):
        obey(small_books("hotel:1"), receipt(NOON, unit="hotel"))
    stated = EarnPoints(asked(TILL), "office", "1", "17", "1", 2_000, NOON, NOON)
    with pytest.raises(Forbidden):
        obey(small_books("office:1"), stated)


def test_a_receipt_at_the_last_second_of_a_month_is_booked_in_it() -> None:
    turn = datetime(2017, 2, 1, tzinfo=SHANGHAI)
    books = small_books("office:1", now=turn)
    for moment in (turn - SECOND, turn):
        obey(books, earn("office", "1", 2_000, moment.isoformat(), moment))
    months = [one.journal.month for one in books.applied if isinstance(one, JournalPosted)]
    assert months == [date(2017, 1, 1), date(2017, 2, 1)]


def test_a_receipt_without_points_is_remembered_and_moves_nothing() -> None:
    books = small_books("office:1")
    outcome = obey(books, earn("office", "1", 199))
    assert outcome.answer["points"] == 0
    assert outcome.events == ()
    assert transfers(books) == []
    with pytest.raises(ReceiptConflict):
        obey(books, earn("office", "1", 200))


def test_a_repeat_of_receipt_or_order_under_another_key_is_the_first_answer() -> None:
    books = small_books("office:1")
    first = obey(books, earn("office", "1", 200_000))
    again = obey(books, earn("office", "1", 200_000))
    assert (again.answer, again.changes, again.events) == (first.answer, (), ())
    spent = obey(books, redeem("office:1", "hotel", 300))
    assert obey(books, redeem("office:1", "hotel", 300)).answer == spent.answer
    with pytest.raises(OrderRedeemed):
        obey(books, redeem("office:1", "hotel", 301))


def test_a_refusal_for_want_of_points_is_counted_for_the_unit_and_moves_nothing() -> None:
    books = small_books("office:1")
    obey(books, earn("office", "1", 20_000))
    with pytest.raises(InsufficientPoints) as refused:
        obey(books, redeem("office:1", "hotel", 101))
    (counted,) = refused.value.changes
    assert isinstance(counted, RedemptionDeclined)
    assert (counted.unit, counted.month, counted.code) == ("hotel", date(2017, 1, 1), "insufficient-points")
    assert obey(books, redeem("office:1", "hotel", 100, "2")).answer["paid_fen"] == 100


def test_points_can_be_spent_from_available_until_before_expired() -> None:
    earned_at = datetime(2017, 1, 31, 23, 59, 59, tzinfo=SHANGHAI)
    end = datetime(2019, 4, 1, tzinfo=SHANGHAI)
    for moment, fine in ((earned_at - SECOND, False), (earned_at, True), (end - SECOND, True), (end, False)):
        books = small_books("office:1", now=end)
        books.months[moment.date().replace(day=1)] = MonthState.OPEN
        obey(books, earn("office", "1", 20_000, at=earned_at))
        if fine:
            obey(books, redeem("office:1", "hotel", 100, at=moment))
        else:
            with pytest.raises(InsufficientPoints):
                obey(books, redeem("office:1", "hotel", 100, at=moment))


def test_what_is_left_at_the_end_goes_back_to_its_issuer_once() -> None:
    books = small_books("office:1", "mall-east:1")
    obey(books, earn("office", "1", 20_000))
    obey(books, earn("mall-east", "1", 20_000, "2"))
    end = datetime(2019, 4, 1, tzinfo=SHANGHAI)
    books.months[date(2019, 4, 1)] = MonthState.OPEN
    expire = ExpirePoints(asked(), "office:1", end - SECOND)
    assert obey(books, expire).answer == {"lots": 0, "more": False}
    outcome = obey(books, ExpirePoints(asked(), "office:1", end))
    assert outcome.answer == {"lots": 2, "more": False}
    assert [event.seq for event in outcome.events] == [3, 4]
    assert obey(books, ExpirePoints(asked(), "office:1", end)).answer["lots"] == 0
    assert not any(account >= WALLET for account, _ in balances(transfers(books)))


def test_points_of_an_asset_without_a_rate_wait_for_one() -> None:
    books = small_books("office:1", "mall-east:1")
    obey(books, earn("office", "1", 20_000))
    obey(books, earn("mall-east", "1", 20_000, "2"))
    kept = [one for one in books.rulebook.versions if (one.kind, one.subject) != (RuleKind.RATE, "MALL")]
    books.rulebook = Rulebook(tuple(kept))
    with pytest.raises(InsufficientPoints):
        obey(books, redeem("office:1", "hotel", 101))
    assert obey(books, redeem("office:1", "hotel", 100, "2")).answer["paid_fen"] == 100


def test_a_movement_whose_month_is_not_open_is_refused_for_now() -> None:
    books = small_books("office:1")
    with pytest.raises(MonthNotOpen):
        obey(books, earn("office", "1", 2_000, at=datetime(2017, 3, 1, tzinfo=SHANGHAI)))


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from(sorted(UNITS)), st.integers(100, 300_000)),
        min_size=3,
        max_size=20,
    )
)
def test_no_sequence_of_earning_and_spending_creates_or_loses_value(
    steps: list[tuple[bool, str, int]],
) -> None:
    books = small_books(*(f"{unit}:1" for unit in UNITS))
    earned = paid = 0
    order = itertools.count(1)
    for place, (earns, unit, amount) in enumerate(steps):
        moment = NOON + place * SECOND
        try:
            if earns:
                outcome = obey(books, earn(unit, "1", amount, str(next(order)), moment))
                earned += outcome.answer["points"] * RATES[UNITS[unit]].numerator
            else:
                outcome = obey(books, redeem(f"{unit}:1", unit, amount // 100 + 99, str(next(order)), moment))
                paid += outcome.answer["paid_fen"]
        except Refusal:
            continue
    left = sum(RATES[lot.asset].worth(lot.points_left) for lot in books.lots_of("holder"))
    assert left == earned - paid
    folded = balances(transfers(books))
    assert sum(amount for (_, asset), amount in folded.items() if asset == "CNY") == 0
    assert all(amount >= 0 for (account, _), amount in folded.items() if account >= WALLET)


def test_a_decision_touches_nothing_until_its_changes_are_applied() -> None:
    books = small_books("office:1")
    obey(books, earn("office", "1", 200_000))
    before = (dict(books.holders), books.lots_of("holder"), len(books.applied), dict(books.redemptions))
    redeem_points(books, redeem("office:1", "hotel", 300))
    assert before == (dict(books.holders), books.lots_of("holder"), len(books.applied), books.redemptions)


def test_an_event_of_a_redemption_stays_small_however_many_lots_were_spent() -> None:
    books = small_books("office:1", "mall-east:1")
    for place in range(1_000):
        obey(books, earn("office", "1", 400, str(place)))
    obey(books, earn("mall-east", "1", 20_000, "mall"))
    outcome = obey(books, redeem("office:1", "hotel", 2_050))
    assert len(outcome.answer["taken"]) == 1_001
    assert outcome.events[0].data["slices"] == [
        {"asset": "OFFI", "issuer": "office", "points": 2_000, "paid_fen": 2_000},
        {"asset": "MALL", "issuer": "mall-east", "points": 10, "paid_fen": 50},
    ]
