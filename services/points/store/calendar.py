"""The calendar: months as they are opened and begin to drain. A seal is the closing job's, not a change."""

from collections.abc import Sequence

from psycopg2.extensions import cursor as Cursor

from services.points.domain.changes import MonthTurned
from services.points.domain.month import MonthState
from services.points.store.noun import Noun


def _turn(cursor: Cursor, changes: Sequence[MonthTurned]) -> None:
    for one in changes:
        if one.state is MonthState.OPEN:
            cursor.execute("SELECT open_month(%s)", (one.month,))
            cursor.execute(
                "INSERT INTO months (month, state, opened_by, opened_at) VALUES (%s, %s, %s, %s)",
                (one.month, one.state.value, one.subject, one.at),
            )
        else:
            cursor.execute(
                "UPDATE months SET state = %s, closed_by = %s, closed_at = %s WHERE month = %s",
                (one.state.value, one.subject, one.at, one.month),
            )


CALENDAR = Noun("calendar", writers={MonthTurned: _turn})
