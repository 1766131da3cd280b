"""Open a business month, so that movements can be booked in it; opening it again changes nothing."""

from dataclasses import dataclass
from datetime import date

from services.points.domain import changes as c
from services.points.domain.books import LedgerBooks
from services.points.domain.month import CALENDAR, MonthState, check_near, check_opening
from shared.kernel.command import Asked, Needs, Outcome


@dataclass(frozen=True, slots=True)
class OpenMonth:
    """The month that begins on that day; `by_clock` marks what the clock opened and may close."""

    asked: Asked
    month: date
    by_clock: bool = False

    def needs(self) -> Needs:
        """Need the calendar's row: months are opened and closed one decision at a time."""
        return Needs(rows=(CALENDAR,))


def open_month(books: LedgerBooks, command: OpenMonth) -> Outcome:
    """Open the month, unless a later one is sealed already.

    :raises MonthBeforeSealed: if a later month is sealed.
    :raises MonthTooEarly: if a person opens one more than a year ahead.
    """
    name = command.month.strftime("%Y-%m")
    known = books.months.get(command.month)
    if known is not None:
        return Outcome(answer={"month": name, "state": known.value})
    check_opening(command.month, books.months)
    principal = command.asked.principal
    if principal is not None:
        check_near(command.month, books.now)
    subject = "clock" if command.by_clock or principal is None else principal.subject
    return Outcome(
        changes=(c.MonthTurned(command.month, MonthState.OPEN, subject, books.now),),
        answer={"month": name, "state": MonthState.OPEN.value},
    )
