"""Amounts: points, fen and the rate between an asset and the group point. Integers only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NewType

Points = NewType("Points", int)
"""Whole points of one asset."""

Fen = NewType("Fen", int)
"""Money in fen (1/100 yuan). One group point settles at one fen."""

CNY_PER_FEN = 100
"""The ledger keeps money in 1/100 fen; statements round once."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What one point of an asset is worth in group points: numerator / denominator, both positive."""

    numerator: int
    denominator: int = 1

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> "Rate":
        """Read the body of a rule of a rate or a pair."""
        return cls(body["numerator"], body["denominator"])

    def worth(self, points: int) -> Fen:
        """Give the whole group points (= fen) the points are worth, rounded down in the house's favour."""
        return Fen(points * self.numerator // self.denominator)

    def points_for(self, fen: int) -> Points:
        """Give the fewest whole points that are worth at least this much."""
        return Points(-(-fen * self.denominator // self.numerator))
