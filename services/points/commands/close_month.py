"""Close a business month: it drains, is sealed by the closing job, and its statements are issued."""

from dataclasses import dataclass
from datetime import date, datetime

from services.points.domain import changes as c
from services.points.domain.authority import stated_time
from services.points.domain.books import LedgerBooks
from services.points.domain.month import CALENDAR, MonthState, check_closing
from shared.kernel.command import Asked, Needs, Outcome


@dataclass(frozen=True, slots=True)
class CloseMonth:
    """The month is over, by the clock or by the stated moment."""

    asked: Asked
    month: date
    at: datetime | None = None

    def needs(self) -> Needs:
        """Need the calendar's row: months are opened and closed one decision at a time."""
        return Needs(rows=(CALENDAR,))


def close_month(books: LedgerBooks, command: CloseMonth) -> Outcome:
    """Let the month drain; whoever is in flight still gets in, whoever comes after the seal does not.

    :raises MonthNotOver: if it has not ended.
    """
    name = command.month.strftime("%Y-%m")
    # The clock has no principal and means now; a stated moment is the importer's or an operator's.
    at = books.now if command.at is None else stated_time(command.asked.principal, command.at, books.now)
    check_closing(command.month, books.months, at)
    state = books.months[command.month]
    if state is not MonthState.OPEN:
        return Outcome(answer={"month": name, "state": state.value})
    subject = command.asked.principal.subject if command.asked.principal else "clock"
    return Outcome(
        changes=(c.MonthTurned(command.month, MonthState.DRAINING, subject, books.now),),
        answer={"month": name, "state": MonthState.DRAINING.value},
    )
