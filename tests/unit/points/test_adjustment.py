"""Grants and deductions: two persons, once, never more than one request may be worth or than is there."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.adjustment import (
    AboveGrantLimit,
    Adjustment,
    AdjustmentKind,
    AdjustmentState,
    AnotherPersonNeeded,
    GrantTerms,
    RequestDecided,
    approved,
    deductible,
    rejected,
)
from services.points.domain.amounts import Fen, Points
from services.points.domain.lot import Lot
from services.points.domain.taking import LOTS_MAX, TooFewToTake, TooManyLots, take
from shared.kernel.calendar import SHANGHAI
from tests.unit.points.ledger import EARLY, LATE, lot, lots_of_one_holder

NOON = datetime(2017, 1, 20, 12, tzinfo=SHANGHAI)
TERMS = GrantTerms(1, Fen(10_000), 24)
ASKED = Adjustment(
    "id", AdjustmentKind.GRANT, "hotel", "hotel:17", Points(50), "a cold room", "operator-1", NOON
)


def test_another_person_approves_and_the_same_person_does_not() -> None:
    with pytest.raises(AnotherPersonNeeded):
        approved(ASKED, "operator-1")
    done = approved(ASKED, "operator-2")
    assert (done.state, done.decided_by) == (AdjustmentState.APPROVED, "operator-2")


def test_what_is_decided_is_decided_once() -> None:
    for done in (approved(ASKED, "operator-2"), rejected(ASKED, "operator-1")):
        with pytest.raises(RequestDecided):
            approved(done, "finance-hotel")
        with pytest.raises(RequestDecided):
            rejected(done, "finance-hotel")


def test_one_request_is_worth_the_limit_at_most() -> None:
    TERMS.check(10_000)
    with pytest.raises(AboveGrantLimit):
        TERMS.check(10_001)


def test_only_the_units_own_lots_are_touched_and_pending_ones_last() -> None:
    pending = lot("pending", 5, "hotel", available_at=NOON + timedelta(days=1))
    over = lot("over", 5, "hotel", expires_at=NOON)
    later, soon = lot("later", 5, "hotel"), lot("soon", 5, "hotel", expires_at=LATE - timedelta(days=90))
    change = lot("change", 5, "hotel", asset="GRUP", parent="soon")
    foreign = lot("foreign", 5, "office")
    found = deductible([pending, over, later, soon, change, foreign], "hotel", "HOTL", NOON)
    assert [one.id for one in found] == ["soon", "later", "pending"]


@given(lots_of_one_holder(), st.integers(1, 9_000))
def test_taking_gives_exactly_what_was_asked_or_nothing(lots: list[Lot], points: int) -> None:
    there = sum(one.points_left for one in lots)
    if points > there:
        with pytest.raises(TooFewToTake) as refused:
            take(lots, points)
        assert refused.value.facts == {"available": there, "wanted": points}
        return
    shares = take(lots, points)
    assert sum(share.points for share in shares) == points
    assert all(share.points > 0 for share in shares)
    assert sum(share.left.points_left for share in shares) + points == sum(
        share.lot.points_left for share in shares
    )
    assert [share.lot for share in shares] == lots[: len(shares)]


def test_more_lots_than_a_command_can_name_are_not_drawn() -> None:
    lots = [lot(f"lot{place}", 1) for place in range(LOTS_MAX + 1)]
    assert len(take(lots, LOTS_MAX)) == LOTS_MAX
    with pytest.raises(TooManyLots):
        take(lots, LOTS_MAX + 1)


def test_granted_points_expire_by_rule() -> None:
    assert TERMS.expires_at(EARLY) == datetime(2019, 4, 1, tzinfo=SHANGHAI)
