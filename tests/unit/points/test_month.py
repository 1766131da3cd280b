"""Months: in which one a movement is booked, and when a month may be opened and closed."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.month import (
    Booking,
    MonthBeforeSealed,
    MonthNotOpen,
    MonthNotOver,
    MonthOrder,
    MonthState,
    booking,
    check_closing,
    check_opening,
)
from shared.kernel.calendar import SHANGHAI, month_after, month_of
from shared.kernel.refusal import Refusal

JANUARY, FEBRUARY, MARCH = date(2017, 1, 1), date(2017, 2, 1), date(2017, 3, 1)
OPEN, DRAINING, SEALED = MonthState.OPEN, MonthState.DRAINING, MonthState.SEALED
FIRST_OF_FEBRUARY = datetime(2017, 2, 1, tzinfo=SHANGHAI)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("moment", "months", "booked"),
    [
        (FIRST_OF_FEBRUARY - SECOND, {JANUARY: OPEN, FEBRUARY: OPEN}, Booking(JANUARY)),
        (FIRST_OF_FEBRUARY, {JANUARY: OPEN, FEBRUARY: OPEN}, Booking(FEBRUARY)),
        (FIRST_OF_FEBRUARY - SECOND, {JANUARY: DRAINING, FEBRUARY: OPEN}, Booking(JANUARY)),
        (FIRST_OF_FEBRUARY - SECOND, {JANUARY: SEALED, FEBRUARY: OPEN}, Booking(FEBRUARY, JANUARY)),
        (
            FIRST_OF_FEBRUARY - SECOND,
            {JANUARY: SEALED, FEBRUARY: DRAINING, MARCH: OPEN},
            Booking(MARCH, JANUARY),
        ),
        (FIRST_OF_FEBRUARY - SECOND, {FEBRUARY: OPEN, MARCH: OPEN}, Booking(FEBRUARY, JANUARY)),
    ],
)
def test_a_movement_is_booked_in_its_own_month_or_the_oldest_open_one(
    moment: datetime, months: dict[date, MonthState], booked: Booking
) -> None:
    assert booking(moment, months) == booked


@pytest.mark.parametrize(
    "months",
    [{}, {JANUARY: SEALED}, {JANUARY: SEALED, FEBRUARY: DRAINING}, {JANUARY: SEALED, FEBRUARY: SEALED}],
)
def test_a_movement_without_an_open_month_comes_again(months: dict[date, MonthState]) -> None:
    with pytest.raises(MonthNotOpen) as refused:
        booking(FIRST_OF_FEBRUARY - SECOND, months)
    assert refused.value.retryable
    assert not refused.value.stored


def test_a_movement_of_the_future_is_never_booked_in_the_past() -> None:
    with pytest.raises(MonthNotOpen):
        booking(FIRST_OF_FEBRUARY, {JANUARY: OPEN})


@given(
    st.dictionaries(
        st.integers(0, 11).map(lambda count: month_after(JANUARY, count)), st.sampled_from(MonthState)
    ),
    st.datetimes(datetime(2016, 12, 1), datetime(2018, 1, 31), timezones=st.just(SHANGHAI)),
)
def test_nothing_is_ever_booked_in_a_sealed_month(months: dict[date, MonthState], moment: datetime) -> None:
    try:
        booked = booking(moment, months)
    except Refusal:
        return
    assert months[booked.month] is not SEALED
    assert (booked.concerns is None) == (booked.month == month_of(moment))
    assert booked.concerns in (None, month_of(moment))


def test_a_month_closes_at_its_end_to_the_second_and_in_order() -> None:
    months = {JANUARY: OPEN, FEBRUARY: OPEN}
    with pytest.raises(MonthNotOver):
        check_closing(JANUARY, months, FIRST_OF_FEBRUARY - SECOND)
    check_closing(JANUARY, months, FIRST_OF_FEBRUARY)
    with pytest.raises(MonthOrder):
        check_closing(FEBRUARY, months, FIRST_OF_FEBRUARY + timedelta(days=40))
    with pytest.raises(MonthNotOpen):
        check_closing(MARCH, months, FIRST_OF_FEBRUARY + timedelta(days=80))
    check_closing(FEBRUARY, {JANUARY: DRAINING, FEBRUARY: OPEN}, FIRST_OF_FEBRUARY + timedelta(days=40))


def test_no_month_is_opened_before_a_sealed_one() -> None:
    with pytest.raises(MonthBeforeSealed):
        check_opening(JANUARY, {FEBRUARY: SEALED})
    check_opening(MARCH, {FEBRUARY: SEALED})
    check_opening(JANUARY, {FEBRUARY: OPEN})
