"""Check-ins: a streak grows by a day, begins anew after a gap, and brings what the rule says."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.check_in import CheckInTerms, LastCheckIn, streak_on
from shared.kernel.calendar import SHANGHAI

TERMS = CheckInTerms(1, tuple(range(1, 11)), 24)
MONDAY = date(2017, 1, 2)


@pytest.mark.parametrize(("streak", "points"), [(1, 1), (2, 2), (9, 9), (10, 10), (11, 10), (400, 10)])
def test_a_streak_brings_one_to_ten_and_then_ten(streak: int, points: int) -> None:
    assert TERMS.earned(streak) == points


def test_the_first_check_in_and_the_one_after_a_gap_begin_a_streak() -> None:
    assert streak_on(MONDAY, None) == 1
    assert streak_on(MONDAY, LastCheckIn(MONDAY - timedelta(days=2), 7, {})) == 1


def test_a_check_in_on_the_next_day_goes_on_across_a_months_end() -> None:
    assert streak_on(date(2017, 2, 1), LastCheckIn(date(2017, 1, 31), 7, {})) == 8


@given(st.sets(st.integers(0, 60), min_size=1))
def test_a_streak_is_the_run_of_days_that_ends_today(days: set[int]) -> None:
    last: LastCheckIn | None = None
    for day in sorted(days):
        streak = streak_on(MONDAY + timedelta(days=day), last)
        run = next(length for length in range(1, 100) if day - length not in days)
        assert streak == run
        last = LastCheckIn(MONDAY + timedelta(days=day), streak, {})


def test_the_points_expire_at_the_end_of_a_quarter_two_years_on() -> None:
    earned = datetime(2017, 1, 2, 9, tzinfo=SHANGHAI)
    assert TERMS.expires_at(earned) == datetime(2019, 4, 1, tzinfo=SHANGHAI)
