"""Who turns months: what one person alone may not do to the whole group's calendar."""

from datetime import date, datetime

import pytest

from services.points.commands.close_month import CloseMonth
from services.points.commands.open_month import OpenMonth
from services.points.domain.month import MonthNotOver, MonthState, MonthTooEarly
from shared.kernel.calendar import SHANGHAI
from shared.kernel.command import Asked
from shared.kernel.principal import Principal, Role
from shared.runtime.clock import mint_id
from tests.unit.points.small_books import IMPORTER, asked, obey, small_books

OPERATOR = Principal("operator-1", Role.OPERATOR)
JANUARY = date(2017, 1, 1)
OVER = datetime(2017, 2, 1, tzinfo=SHANGHAI)


@pytest.mark.parametrize("principal", [OPERATOR, IMPORTER])
@pytest.mark.parametrize("month", [date(2018, 2, 1), date(2200, 1, 1), date(9999, 12, 1)])
def test_nobody_opens_a_month_more_than_a_year_ahead(principal: Principal, month: date) -> None:
    """Closed once, a month of the year 2200 would leave no month for anybody's points until then."""
    with pytest.raises(MonthTooEarly) as refused:
        obey(small_books(), OpenMonth(asked(principal), month))
    assert refused.value.facts == {"latest": "2018-01"}


def test_a_year_ahead_is_open_to_persons_and_any_to_the_clock() -> None:
    books = small_books()
    obey(books, OpenMonth(asked(OPERATOR), date(2018, 1, 1)))
    obey(books, OpenMonth(Asked(mint_id()), date(2019, 1, 1), by_clock=True))
    assert books.months[date(2018, 1, 1)] is books.months[date(2019, 1, 1)] is MonthState.OPEN


def test_an_operators_word_does_not_end_a_month_before_its_end() -> None:
    books = small_books()
    with pytest.raises(MonthNotOver):
        obey(books, CloseMonth(asked(OPERATOR), JANUARY, OVER))
    assert books.months[JANUARY] is MonthState.OPEN
    obey(books, CloseMonth(asked(IMPORTER), JANUARY, OVER))
    assert books.months[JANUARY] is MonthState.DRAINING
    late = small_books(now=OVER)
    obey(late, CloseMonth(asked(OPERATOR), JANUARY, OVER))
    assert late.months[JANUARY] is MonthState.DRAINING
