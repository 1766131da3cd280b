"""Issue the statements of a sealed month: one per unit, from figures folded after the seal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.points.domain import changes as c
from services.points.domain.books import LedgerBooks
from services.points.domain.month import CALENDAR, MonthNotOpen, MonthState
from shared.kernel.command import Announcement, Asked, Needs, Outcome
from shared.kernel.ids import derived, shown

FIRST_STATEMENT = 16


@dataclass(frozen=True, slots=True)
class IssueStatements:
    """The figures of a sealed month: one mapping per unit, and the group's summary."""

    asked: Asked
    month: date
    figures: tuple[Mapping[str, Any], ...]
    summary: Mapping[str, Any]

    def needs(self) -> Needs:
        """Need the month's name for ever (its statements are issued once) and the calendar's row."""
        return Needs(
            naturals=(f"statements {self.month.isoformat()}",),
            rows=(CALENDAR,),
            facts=(("statements", self.month.isoformat()),),
        )


def issue_statements(books: LedgerBooks, command: IssueStatements) -> Outcome:
    """Keep the statements and announce them; issuing them again changes nothing.

    :raises MonthNotOpen: if the month is not sealed (a statement of a month that can still change is none).
    """
    name = command.month.strftime("%Y-%m")
    if books.months.get(command.month) is not MonthState.SEALED:
        raise MonthNotOpen(month=name)
    if command.month in books.stated:
        return Outcome(answer={"month": name})
    statements = tuple(
        {**one, "id": derived(command.asked.id, FIRST_STATEMENT + place)}
        for place, one in enumerate(command.figures)
    )
    nets = {one["unit"]: one["net_fen"] for one in statements}
    events = [Announcement("points.month.sealed", name, 1, {"month": name, "net_fen": nets}, books.now)]
    for place, one in enumerate(statements):
        data = {
            "statement": shown("stm", one["id"]),
            "month": name,
            "unit": one["unit"],
            "net_fen": one["net_fen"],
        }
        events.append(Announcement("points.statement.issued", name, 2 + place, data, books.now))
    return Outcome(
        changes=(c.StatementsIssued(command.month, statements, command.summary, books.now),),
        answer={"month": name, "statements": [shown("stm", one["id"]) for one in statements]},
        events=tuple(events),
    )
