"""Earning: how many points a receipt is worth under a rule, and from when to when they can be spent."""

from dataclasses import dataclass
from datetime import datetime

from services.points.domain.amounts import Points
from shared.kernel.calendar import days, quarter_end_after


@dataclass(frozen=True, slots=True)
class EarnRule:
    """A unit's earn rule: `points` for every `per_fen` paid in cash, rounded down once, at most `cap`.

    `pending_days` times 24 hours pass before the points can be spent; they expire at the end of the quarter
    in which `expiry_months` calendar months have passed.
    """

    version: int
    points: int
    per_fen: int
    cap: int | None
    pending_days: int
    expiry_months: int

    def earned(self, amount_fen: int) -> Points:
        """Give the points for a receipt of this amount."""
        points = self.points * amount_fen // self.per_fen
        return Points(points if self.cap is None else min(points, self.cap))

    def available_at(self, earned_at: datetime) -> datetime:
        """Give the first moment at which the points can be spent."""
        return earned_at + days(self.pending_days)

    def expires_at(self, earned_at: datetime) -> datetime:
        """Give the first moment at which the points can no longer be spent."""
        return quarter_end_after(earned_at, self.expiry_months)
