"""Earning: rounded down once, capped, pending and expiring by rule."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.earning import EarnRule
from shared.kernel.calendar import SHANGHAI

HOUSE = EarnRule(1, 5_000, 100_000_000, 50_000, 0, 24)
HOTEL = EarnRule(1, 3, 100, None, 14, 24)
MALL = EarnRule(1, 1, 1_000, None, 7, 24)


@pytest.mark.parametrize(
    ("rule", "amount_fen", "points"),
    [
        (MALL, 0, 0),
        (MALL, 999, 0),
        (MALL, 1_000, 1),
        (HOTEL, 33, 0),
        (HOTEL, 34, 1),
        (HOTEL, 67, 2),
        (HOTEL, 12_345, 370),
        (HOUSE, 600_000_000, 30_000),
        (HOUSE, 1_000_000_000, 50_000),
        (HOUSE, 1_000_019_999, 50_000),
        (HOUSE, 9_000_000_000, 50_000),
        (HOUSE, 19_999, 0),
    ],
)
def test_points_are_rounded_down_once_and_capped(rule: EarnRule, amount_fen: int, points: int) -> None:
    assert rule.earned(amount_fen) == points


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(1, 10_000), st.integers(1, 10**9))
def test_two_receipts_never_earn_more_than_one_over_both_amounts(
    one: int, other: int, points: int, per_fen: int
) -> None:
    rule = EarnRule(1, points, per_fen, None, 0, 24)
    both = rule.earned(one + other)
    assert both - 1 <= rule.earned(one) + rule.earned(other) <= both
    assert rule.earned(one) * per_fen <= one * points < (rule.earned(one) + 1) * per_fen


@given(st.integers(0, 10**12), st.integers(0, 10**6))
def test_a_cap_is_never_passed_and_takes_nothing_below_it(amount_fen: int, cap: int) -> None:
    capped = EarnRule(1, 3, 100, cap, 0, 24).earned(amount_fen)
    assert capped == min(HOTEL.earned(amount_fen), cap)


def test_pending_is_counted_in_hours_and_expiry_in_quarters() -> None:
    earned_at = datetime(2017, 4, 1, 0, 0, 0, tzinfo=SHANGHAI)
    assert HOTEL.available_at(earned_at) == earned_at + timedelta(hours=14 * 24)
    assert HOTEL.expires_at(earned_at) == datetime(2019, 7, 1, tzinfo=SHANGHAI)
    assert HOTEL.expires_at(earned_at - timedelta(seconds=1)) == datetime(2019, 4, 1, tzinfo=SHANGHAI)
