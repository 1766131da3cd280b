"""The calendar of business: days, months and quarters in Asia/Shanghai, to the second, half-open."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.calendar import (
    SHANGHAI,
    as_month,
    day_of,
    days,
    month_after,
    month_bounds,
    month_of,
    quarter_end_after,
)

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
SECOND = timedelta(seconds=1)


@given(MOMENTS)
def test_every_moment_lies_in_exactly_its_own_month(moment: datetime) -> None:
    month = month_of(moment)
    begin, end = month_bounds(month)
    assert begin <= moment < end
    assert month_bounds(month_after(month))[0] == end
    assert month_bounds(month_after(month, -1))[1] == begin


@pytest.mark.parametrize(
    ("wall", "month"),
    [
        ("2017-01-31T23:59:59+08:00", date(2017, 1, 1)),
        ("2017-02-01T00:00:00+08:00", date(2017, 2, 1)),
        ("2017-01-31T15:59:59+00:00", date(2017, 1, 1)),
        ("2017-01-31T16:00:00+00:00", date(2017, 2, 1)),
        ("2016-12-31T23:59:59.999999+08:00", date(2016, 12, 1)),
        ("2016-12-31T11:00:00-05:00", date(2017, 1, 1)),
    ],
)
def test_a_month_turns_at_midnight_in_shanghai_to_the_second(wall: str, month: date) -> None:
    moment = datetime.fromisoformat(wall)
    assert month_of(moment) == month
    assert day_of(moment).replace(day=1) == month


@given(MOMENTS, st.integers(0, 60))
def test_an_expiry_lies_within_the_quarter_after_the_months_have_passed(
    moment: datetime, months: int
) -> None:
    end = quarter_end_after(moment, months)
    local = end.astimezone(SHANGHAI)
    assert (local.day, local.hour, local.minute, local.second) == (1, 0, 0, 0)
    assert local.month in (1, 4, 7, 10)
    passed = month_bounds(month_after(month_of(moment), months))
    assert passed[1] <= end <= month_bounds(month_after(month_of(moment), months + 2))[1]
    assert quarter_end_after(end - SECOND, 0) == end
    assert quarter_end_after(end, 0) > end


@pytest.mark.parametrize(
    ("wall", "end"),
    [
        ("2017-04-01T00:00:00", "2019-07-01T00:00:00"),
        ("2017-03-31T23:59:59", "2019-04-01T00:00:00"),
        ("2017-12-31T23:01:20", "2020-01-01T00:00:00"),
        ("2017-10-01T00:00:00", "2020-01-01T00:00:00"),
        ("2016-02-29T12:00:00", "2018-04-01T00:00:00"),
    ],
)
def test_points_of_24_months_expire_at_the_end_of_the_quarter(wall: str, end: str) -> None:
    moment = datetime.fromisoformat(wall).replace(tzinfo=SHANGHAI)
    assert quarter_end_after(moment, 24) == datetime.fromisoformat(end).replace(tzinfo=SHANGHAI)


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(-200, 200))
def test_months_are_counted_back_and_forth(day: date, count: int) -> None:
    month = day.replace(day=1)
    assert month_after(month_after(month, count), -count) == month


@pytest.mark.parametrize("text", ["2017-13", "2017-1", "2017-00", "abc", "", "2017-01-01", "20170101"])
def test_what_is_no_month_is_not_read_as_one(text: str) -> None:
    assert as_month(text) is None


def test_a_month_is_read_as_its_first_day() -> None:
    assert as_month("2017-02") == date(2017, 2, 1)
    assert days(7) == timedelta(hours=168)
