"""Check-ins: a member says hello once a business day, and a streak of days brings more each day.

Refuses to know the clock: it is told the moment, whose business day (Asia/Shanghai) counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from services.points.domain.amounts import Points
from shared.kernel.calendar import quarter_end_after

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CheckInTerms:
    """What check-ins bring: `points[n]` on day n + 1 of a streak, the last figure on every day after that.

    The points can be spent at once and expire at the end of the quarter in which `expiry_months` have passed.
    """

    version: int
    points: tuple[int, ...]
    expiry_months: int

    @classmethod
    def read(cls, version: int, body: Mapping[str, Any]) -> "CheckInTerms":
        """Read the body of a rule."""
        return cls(version, tuple(body["points"]), body["expiry_months"])

    def earned(self, streak: int) -> Points:
        """Give the points of that day of a streak (from 1)."""
        return Points(self.points[min(streak, len(self.points)) - 1])

    def expires_at(self, earned_at: datetime) -> datetime:
        """Give the first moment at which the points can no longer be spent."""
        return quarter_end_after(earned_at, self.expiry_months)


@dataclass(frozen=True, slots=True)
class LastCheckIn:
    """The latest check-in of a wallet, and what it was answered."""

    day: date
    streak: int
    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CheckInKept:
    """A member's check-in of one business day, remembered for ever."""

    id: str
    wallet_id: str
    day: date
    streak: int
    points: int
    occurred_at: datetime
    month: date
    answer: Mapping[str, Any]


def streak_on(day: date, last: LastCheckIn | None) -> int:
    """Give which day of a streak a check-in on that day is: 1, unless the day before was checked in too."""
    return last.streak + 1 if last is not None and last.day + ONE_DAY == day else 1
