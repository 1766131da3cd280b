"""Captures of a hold: in one piece they are a redemption, in any pieces they cover the whole amount."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.points.domain.amounts import Rate
from services.points.domain.hold import captured
from services.points.domain.lot import Lot
from services.points.domain.spending import Slice, slices, worth
from tests.unit.points.ledger import RATES, lot, lots_of_one_holder, paid

FRACTIONS = st.builds(Rate, st.integers(1, 12), st.integers(1, 12))


def on_hold(taken: Sequence[Slice]) -> list[Lot]:
    """Give the lots that a hold of these slices keeps, each with the points it took."""
    return [one.lot.left_with(one.points) for one in taken]


def without(held: Sequence[Lot], taken: Sequence[Slice]) -> list[Lot]:
    """Give what stays on hold after a capture: what was not taken, and the change, spent first."""
    gone = {one.lot.id: one for one in taken}
    left: list[Lot] = []
    for place, one in enumerate(held):
        slice_ = gone.get(one.id)
        if slice_ is not None and slice_.change:
            name, number = f"{one.id}.{place}", one.receipt_number
            left.append(lot(name, slice_.change, one.issuer, asset="GRUP", number=number, parent=one.id))
        points = one.points_left - (slice_.points if slice_ is not None else 0)
        if points:
            left.append(one.left_with(points))
    return left


@settings(max_examples=300)
@given(lots_of_one_holder(), FRACTIONS, FRACTIONS, st.data())
def test_captured_in_one_piece_a_hold_is_a_redemption(
    lots: list[Lot], one_rate: Rate, other_rate: Rate, data: st.DataObject
) -> None:
    rates = {**RATES, "MALL": one_rate, "OFFI": other_rate}
    there = worth(lots, rates)
    if there == 0:
        return
    pay = data.draw(st.integers(1, there))
    redeemed = slices(lots, rates, pay)
    found = captured(on_hold(redeemed), rates, pay)

    def told(one: Slice) -> tuple[str, int, int, int, int]:
        return one.lot.id, one.points, one.paid_fen, one.exchanged, one.change

    assert [told(one) for one in found] == [told(one) for one in redeemed]


@settings(max_examples=400)
@given(lots_of_one_holder(), FRACTIONS, FRACTIONS, st.data())
def test_in_however_many_pieces_the_whole_amount_can_be_captured_and_no_value_is_lost(
    lots: list[Lot], one_rate: Rate, other_rate: Rate, data: st.DataObject
) -> None:
    rates = {**RATES, "MALL": one_rate, "OFFI": other_rate}
    there = worth(lots, rates)
    if there == 0:
        return
    amount = data.draw(st.integers(1, there))
    held = on_hold(slices(lots, rates, amount))
    left = amount
    while left:
        part = data.draw(st.integers(1, left))
        before = worth(held, rates)
        taken = captured(held, rates, part)
        assert paid(taken) == part
        for one in taken:
            rate = rates[one.lot.asset]
            assert one.direct * rate.numerator % rate.denominator == 0
            assert 0 <= one.direct <= one.points <= one.lot.points_left
        held = without(held, taken)
        assert worth(held, rates) == before - part
        assert all(rates[one.asset].worth(one.points_left) > 0 for one in held)
        left -= part


def test_a_part_of_a_mall_point_leaves_its_change_on_hold() -> None:
    held = on_hold(slices([lot("a", 100, "mall-east")], RATES, 12))
    assert [one.points_left for one in held] == [3]
    (first,) = captured(held, RATES, 1)
    assert (first.points, first.direct, first.exchanged, first.paid_fen, first.change) == (1, 0, 1, 1, 4)
    change, points = without(held, [first])
    assert (change.asset, change.points_left, points.points_left) == ("GRUP", 4, 2)
    second, third = captured([change, points], RATES, 11)
    assert (second.points, second.paid_fen, second.change) == (4, 4, 0)
    assert (third.points, third.direct, third.exchanged, third.paid_fen, third.change) == (2, 1, 1, 7, 3)


def test_two_thirds_of_a_fen_are_captured_one_by_one_without_running_short() -> None:
    rates: Mapping[str, Rate] = {**RATES, "MALL": Rate(2, 3)}
    held = on_hold(slices([lot("a", 100, "mall-east")], rates, 2))
    assert [one.points_left for one in held] == [3]
    (first,) = captured(held, rates, 1)
    assert (first.points, first.exchanged, first.change) == (3, 3, 1)
    (second,) = captured(without(held, [first]), rates, 1)
    assert (second.points, second.paid_fen, second.change) == (1, 1, 0)


def test_more_than_is_on_hold_is_a_defect_of_the_caller() -> None:
    with pytest.raises(ValueError, match="1 fen of 101 are not covered"):
        captured([lot("a", 100)], RATES, 101)
