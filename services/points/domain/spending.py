"""Spending: which lots pay a price, how many points each gives, and the change.

Refuses to know the accounts of units.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from services.points.domain.amounts import Fen, Points, Rate
from services.points.domain.lot import Lot
from shared.kernel.swift import swift

NO_POINTS = Points(0)


@swift
@dataclass(frozen=True, slots=True)
class Slice:
    """What one lot pays.

    `points` leave the lot: `points - exchanged` are redeemed as they are, `exchanged` are first turned into
    group points, of which `change` stay with the member. `paid_fen` is what the slice pays of the price.
    """

    lot: Lot
    points: Points
    paid_fen: Fen
    exchanged: Points = NO_POINTS
    change: Points = NO_POINTS

    @property
    def direct(self) -> Points:
        """Points that are redeemed as they are."""
        return Points(self.points - self.exchanged)


Cutting = Callable[[Lot, Rate, int], Slice]
"""What one lot pays of so much that is still wanted, in fen."""


def worth(lots: Iterable[Lot], rates: Mapping[str, Rate]) -> Fen:
    """Give what the lots are worth together, each rounded down by itself, in fen."""
    return Fen(sum(rates[lot.asset].worth(lot.points_left) for lot in lots))


def slices(lots: Iterable[Lot], rates: Mapping[str, Rate], pay_fen: int) -> list[Slice]:
    """Take lots in the given order until the price is paid.

    From a lot of value v with r still to pay, n = min(points left, ceil(r / v)) whole points pay
    min(n * v, r); what they are worth beyond r is change in group points.

    :raises ValueError: if the lots are not worth that much (the caller has compared first).
    """
    return paid_by(lots, rates, pay_fen, _slice)


def paid_by(lots: Iterable[Lot], rates: Mapping[str, Rate], fen: int, cut: Cutting) -> list[Slice]:
    """Take lots in the given order until so much is paid; those that would pay nothing are passed over.

    :raises ValueError: if the lots do not pay that much.
    """
    left = fen
    taken: list[Slice] = []
    for lot in lots:
        if left == 0:
            break
        slice_ = cut(lot, rates[lot.asset], left)
        if slice_.paid_fen > 0:
            taken.append(slice_)
            left -= slice_.paid_fen
    if left:
        raise ValueError(f"{left} fen of {fen} are not covered")
    return taken


def _slice(lot: Lot, rate: Rate, wanted_fen: int) -> Slice:
    points = min(lot.points_left, rate.points_for(wanted_fen))
    value = rate.worth(points)
    paid = min(value, wanted_fen)
    if value <= wanted_fen:
        # The last points of a lot may be too few for a whole fen: they pay nothing, so they stay.
        points = rate.points_for(value)
    # Only multiples of the denominator have a whole value; the rest goes through the exchange account.
    direct = rate.denominator * (paid // rate.numerator)
    return Slice(lot, Points(points), Fen(paid), Points(points - direct), Points(value - paid))


def by_issuer(taken: Iterable[Slice]) -> list[dict[str, Any]]:
    """Add slices up by asset and issuer, in order of spending: an event stays small however many they are."""
    folded: dict[tuple[str, str], dict[str, Any]] = {}
    for one in taken:
        place = (one.lot.asset, one.lot.issuer)
        empty = {"asset": place[0], "issuer": place[1], "points": 0, "paid_fen": 0}
        whole = folded.setdefault(place, empty)
        whole["points"] += one.points
        whole["paid_fen"] += one.paid_fen
    return list(folded.values())
