"""Lots: when they can be spent, and in which order."""

import itertools
import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.lot import Lot, number_order, usable_in_order
from tests.unit.points.ledger import EARLY, LATE, lot

MOMENTS = st.sampled_from([EARLY + timedelta(days=days) for days in range(4)])


@st.composite
def _any_lot(draw: st.DrawFn) -> Lot:
    earned_at = draw(MOMENTS)
    return lot(
        draw(st.uuids()).hex,
        draw(st.integers(1, 9)),
        number=draw(st.sampled_from(("9", "10", "010", "A9", "a10"))),
        earned_at=earned_at,
        available_at=earned_at + timedelta(days=draw(st.integers(0, 2))),
        expires_at=LATE + timedelta(days=draw(st.integers(0, 2))),
        parent=draw(st.none() | st.just("parent")),
    )


@given(st.lists(_any_lot(), max_size=8), st.randoms())
def test_the_order_of_spending_does_not_depend_on_the_order_of_reading(
    lots: list[Lot], chance: random.Random
) -> None:
    moment = EARLY + timedelta(days=2)
    shuffled = list(lots)
    chance.shuffle(shuffled)
    assert usable_in_order(lots, moment) == usable_in_order(shuffled, moment)


@given(st.lists(_any_lot(), max_size=8))
def test_soonest_expiring_goes_first_then_earliest_earned_then_lowest_number(lots: list[Lot]) -> None:
    ordered = usable_in_order(lots, EARLY + timedelta(days=2))
    for one, other in itertools.pairwise(ordered):
        assert one.expires_at <= other.expires_at
        if one.expires_at == other.expires_at:
            assert one.earned_at <= other.earned_at
            if one.earned_at == other.earned_at and one.receipt_number.isdigit():
                assert not other.receipt_number.isdigit() or int(one.receipt_number) <= int(
                    other.receipt_number
                )


def test_change_is_spent_before_what_is_left_of_its_parent() -> None:
    parent, change = lot("a", 5, "mall-east"), lot("b", 3, asset="GRUP", parent="a")
    assert usable_in_order([parent, change], EARLY) == [change, parent]


def test_numbers_of_digits_go_by_their_value_and_before_all_others() -> None:
    assert sorted(["10", "9", "x1", "100", "٣"], key=number_order) == ["9", "10", "100", "x1", "٣"]


def test_a_lot_can_be_spent_from_its_first_to_before_its_last_moment() -> None:
    one = lot("a", 1, available_at=EARLY, expires_at=LATE)
    second = timedelta(microseconds=1)
    usable = [one.usable(at) for at in (EARLY - second, EARLY, LATE - second, LATE)]
    assert usable == [False, True, True, False]
    assert not one.left_with(0).usable(EARLY)


@pytest.mark.parametrize("points", [-1, 11])
def test_a_lot_never_holds_less_than_nothing_or_more_than_was_earned(points: int) -> None:
    with pytest.raises(ValueError, match="cannot have"):
        lot("a", 10).left_with(points)
