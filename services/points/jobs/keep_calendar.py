"""The clock keeps this month and the next two open, and closes those it opened, once they are over.

Refuses to touch what an operator or importer opened: whoever opened a month closes it.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from psycopg2.extensions import connection as Connection

from services.points.commands.close_month import CloseMonth
from services.points.commands.open_month import OpenMonth
from services.points.domain.month import MonthState
from shared.kernel.calendar import month_after, month_bounds, month_of
from shared.kernel.command import Answer, Asked, Command, Obey
from shared.runtime.clock import mint_id

AHEAD = 2
_MONTHS = "SELECT month, state, opened_by FROM months"


def keep_calendar(connection: Connection, obey: Obey, moment: datetime) -> Mapping[str, Any] | None:
    """Open what is missing around the moment and close what is over; give what was done, or nothing."""
    with connection, connection.cursor() as cursor:
        cursor.execute(_MONTHS)
        months: dict[date, tuple[str, str]] = {month: (state, by) for month, state, by in cursor.fetchall()}
    present = month_of(moment)
    missing = [
        month for month in (month_after(present, ahead) for ahead in range(AHEAD + 1)) if month not in months
    ]
    over = [
        month
        for month, (state, opened_by) in sorted(months.items())
        if opened_by == "clock" and state == MonthState.OPEN and month_bounds(month)[1] <= moment
    ]
    if not missing and not over:
        return None
    commands: list[Command] = [OpenMonth(Asked(mint_id()), month, by_clock=True) for month in missing]
    commands += [CloseMonth(Asked(mint_id()), month) for month in over]
    answers = obey(commands)
    return {
        "opened": _accepted(missing, answers[: len(missing)]),
        "closed": _accepted(over, answers[len(missing) :]),
        "refused": [answer.refusal.code for answer in answers if answer.refusal is not None],
    }


def _accepted(months: Sequence[date], answers: Sequence[Answer]) -> list[str]:
    return [
        f"{month:%Y-%m}" for month, answer in zip(months, answers, strict=True) if answer.json is not None
    ]
