"""Close a business month: it drains, is sealed by the closing job, and its statements are issued."""

from dataclasses import dataclass
from datetime import date, datetime

from services.points.domain import changes as c
from services.points.domain.authority import stated_time
from services.points.domain.books import LedgerBooks
from services.points.domain.month import CALENDAR, MonthState, check_closing
from shared.kernel.command import Asked, Needs, Outcome
from shared.kernel.principal import Role


@dataclass(frozen=True, slots=True)
class CloseMonth:
    """The month is over, by the clock or by the stated moment; an operator's lies not ahead of the clock."""

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
    principal = command.asked.principal
    # The clock has no principal and means now; a stated moment is the importer's or an operator's.
    at = books.now if command.at is None else stated_time(principal, command.at, books.now)
    if principal is not None and principal.role is Role.OPERATOR:
        # One person's word that a month is over must not seal it for everybody before it is.
        at = min(at, books.now)
    check_closing(command.month, books.months, at)
    state = books.months[command.month]
    if state is not MonthState.OPEN:
        return Outcome(answer={"month": name, "state": state.value})
    subject = principal.subject if principal else "clock"
    return Outcome(
        changes=(c.MonthTurned(command.month, MonthState.DRAINING, subject, books.now),),
        answer={"month": name, "state": MonthState.DRAINING.value},
    )
