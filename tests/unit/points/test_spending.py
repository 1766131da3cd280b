"""Spending: the replay's rule for whole values, and nobody gains by fractions."""

from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.points.domain.amounts import Rate
from services.points.domain.lot import Lot
from services.points.domain.spending import Slice, slices, worth
from tests.unit.points.ledger import RATES, lot, lots_of_one_holder, paid

FRACTIONS = st.builds(Rate, st.integers(1, 12), st.integers(1, 12))


def told(lots: Sequence[Lot], pay: int) -> list[tuple[str, int, int, int]]:
    """Follow the rule word by word: lot, whole points, what they pay, the excess."""
    taken = []
    rest = pay
    for one in lots:
        if rest == 0:
            break
        value = RATES[one.asset].numerator
        points = min(one.points_left, -(-rest // value))
        part = min(points * value, rest)
        taken.append((one.id, points, part, points * value - part))
        rest -= part
    return taken


def left(lots: Sequence[Lot], taken: Sequence[Slice]) -> list[Lot]:
    """Give the lots as the slices leave them."""
    gone = {one.lot.id: one.points for one in taken}
    return [one.left_with(one.points_left - gone.get(one.id, 0)) for one in lots]


@given(lots_of_one_holder(), st.data())
def test_slices_follow_the_rule_word_by_word(lots: list[Lot], data: st.DataObject) -> None:
    pay = data.draw(st.integers(1, worth(lots, RATES)))
    found = [(one.lot.id, one.points, one.paid_fen, one.change) for one in slices(lots, RATES, pay)]
    assert found == told(lots, pay)


@given(lots_of_one_holder(), st.data())
def test_what_is_paid_and_what_is_left_is_what_was_there(lots: list[Lot], data: st.DataObject) -> None:
    pay = data.draw(st.integers(1, worth(lots, RATES)))
    taken = slices(lots, RATES, pay)
    change = sum(one.change for one in taken)
    assert paid(taken) == pay
    assert worth(lots, RATES) == pay + change + worth(left(lots, taken), RATES)
    assert all(one.change == 0 for one in taken[:-1])
    assert change < RATES[taken[-1].lot.asset].numerator


@settings(max_examples=300)
@given(lots_of_one_holder(), FRACTIONS, FRACTIONS, st.data())
def test_a_fraction_never_pays_more_than_its_points_are_worth(
    lots: list[Lot], one_rate: Rate, other_rate: Rate, data: st.DataObject
) -> None:
    rates = {**RATES, "MALL": one_rate, "OFFI": other_rate}
    there = worth(lots, rates)
    if there == 0:
        return
    pay = data.draw(st.integers(1, there))
    taken = slices(lots, rates, pay)
    assert paid(taken) == pay
    for one in taken:
        rate = rates[one.lot.asset]
        exact = Fraction(one.points * rate.numerator, rate.denominator)
        assert one.paid_fen + one.change <= exact < one.paid_fen + one.change + 1
        assert one.direct * rate.numerator % rate.denominator == 0
        assert 0 <= one.direct <= one.points <= one.lot.points_left
    assert pay + sum(one.change for one in taken) + worth(left(lots, taken), rates) <= there


@settings(max_examples=400)
@given(lots_of_one_holder(), FRACTIONS, st.data())
def test_no_point_is_taken_that_pays_nothing(lots: list[Lot], rate: Rate, data: st.DataObject) -> None:
    rates = {**RATES, "MALL": rate}
    there = worth(lots, rates)
    if there == 0:
        return
    for one in slices(lots, rates, data.draw(st.integers(1, there))):
        fewer = rates[one.lot.asset].worth(one.points - 1)
        assert fewer < one.paid_fen, "one point less would have paid the same"
        if one.exchanged:
            assert one.paid_fen + one.change > rates[one.lot.asset].worth(one.direct)


@given(st.integers(1, 10**15), FRACTIONS)
def test_the_fewest_points_that_reach_a_price_reach_it(fen: int, rate: Rate) -> None:
    points = rate.points_for(fen)
    assert rate.worth(points) >= fen > rate.worth(points - 1)


def test_lots_that_are_not_worth_the_price_are_a_defect_of_the_caller() -> None:
    with pytest.raises(ValueError, match="1 fen of 101"):
        slices([lot("a", 100)], RATES, 101)


def test_a_mall_point_is_exchanged_whole_and_its_rest_is_change() -> None:
    (one,) = slices([lot("a", 100, "mall-east")], RATES, 7)
    assert (one.points, one.direct, one.exchanged, one.paid_fen, one.change) == (2, 1, 1, 7, 3)


def test_the_fourth_point_of_three_to_a_fen_stays_in_its_lot() -> None:
    rates = {**RATES, "MALL": Rate(1, 3)}
    first, second = slices([lot("a", 4, "mall-east"), lot("b", 100)], rates, 10)
    assert (first.points, first.direct, first.exchanged, first.paid_fen) == (3, 3, 0, 1)
    assert second.paid_fen == 9
