"""Caps: how much one holder may earn on a business day, and how often at one store.

The day is that of the purchase, in Asia/Shanghai; counted are receipts of every wallet that now points to the
holder. What a return takes back later frees nothing. Refuses to read: it is given the day's earnings.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from services.points.domain.amounts import Points, Rate
from services.points.domain.earning import Cut, Earning

DAY_EARNINGS = "day-earnings"
"""The fact that a receipt asks for: what an identity's holder earned on a day, and the holder's tiers."""

DAY, STORE, BUDGET = "points-per-day", "receipts-per-store", "campaign-budget"
POINTS, BONUS = "points", "bonus"


def earned_on(day: str, identity: str) -> str:
    """Name a day (`YYYY-MM-DD`) of an identity's holder."""
    return f"{day} {identity}"


@dataclass(frozen=True, slots=True)
class DayEarning:
    """What one earlier receipt of the day earned: points of an asset, and a bonus, maybe of another."""

    unit: str
    store: str
    asset: str
    points: int
    bonus_asset: str | None = None
    bonus: int = 0

    def worth(self, rates: Mapping[str, Rate]) -> Fraction:
        """Give its exact worth in group points; an asset without a rate is worth nothing yet."""
        own = _worth(self.asset, self.points, rates)
        return own if self.bonus_asset is None else own + _worth(self.bonus_asset, self.bonus, rates)


@dataclass(frozen=True, slots=True)
class CapRule:
    """The group's caps: points worth at most so many group points a day, so many earning receipts a store.

    Receipts of `exempt` units are neither counted for the day's points nor cut by them.
    """

    version: int
    points_per_day: int | None
    receipts_per_store: int | None
    exempt: frozenset[str]

    @classmethod
    def read(cls, version: int, body: Mapping[str, Any]) -> "CapRule":
        """Read the caps out of their rule's body."""
        return cls(
            version,
            body.get("points_per_day"),
            body.get("receipts_per_store"),
            frozenset(body.get("exempt") or ()),
        )

    def full(self, unit: str, store: str, earned: Iterable[DayEarning]) -> bool:
        """Tell whether as many receipts of the store have earned that day as may."""
        if self.receipts_per_store is None:
            return False
        times = sum(one.points > 0 and (one.unit, one.store) == (unit, store) for one in earned)
        return times >= self.receipts_per_store

    def room(self, unit: str, earned: Iterable[DayEarning], rates: Mapping[str, Rate]) -> Fraction | None:
        """Give what the day has left in group points, or None where no limit holds for the unit."""
        if self.points_per_day is None or unit in self.exempt:
            return None
        used = sum((one.worth(rates) for one in earned if one.unit not in self.exempt), Fraction(0))
        return max(Fraction(0), self.points_per_day - used)


@dataclass(frozen=True, slots=True)
class Capped:
    """What caps left of an earning, and what they took."""

    earning: Earning
    cut: tuple[Cut, ...] = ()


def capped(
    wished: Earning, asset: str, bonus_asset: str, room: Fraction | None, rates: Mapping[str, Rate]
) -> Capped:
    """Leave of an earning what fits into the room, its own points first, whole points only.

    :param room: in group points; None for no limit.
    """
    if room is None:
        return Capped(wished)
    points = _fitting(asset, wished.points, room, rates)
    rest = room - _worth(asset, points, rates)
    bonus = _fitting(bonus_asset, wished.bonus, rest, rates) if points else Points(0)
    cut = (Cut(DAY, POINTS, wished.points - points), Cut(DAY, BONUS, wished.bonus - bonus))
    return Capped(Earning(points, bonus), tuple(one for one in cut if one.points))


def _worth(asset: str, points: int, rates: Mapping[str, Rate]) -> Fraction:
    rate = rates.get(asset)
    return Fraction(0) if rate is None else Fraction(points * rate.numerator, rate.denominator)


def _fitting(asset: str, points: int, room: Fraction, rates: Mapping[str, Rate]) -> Points:
    rate = rates.get(asset)
    if rate is None:
        return Points(points)
    most = room * Fraction(rate.denominator, rate.numerator)
    return Points(min(points, most.numerator // most.denominator))
