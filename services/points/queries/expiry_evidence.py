"""Evidence from expiries: each beside the end of its lot, and the ends of holds that kept its points longer.

Refuses to judge. The months are said again in each join: only so does the planner leave the others out.
"""

from psycopg2.extensions import cursor as Cursor

from services.points.domain.looks import PaperLook
from services.points.queries.scope import Scope

_EXPIRIES = """
WITH booked AS (
    SELECT j.id, j.subject, j.occurred_at, count(t.id) AS lines, any_value(t.lot_id) AS lot_id
    FROM journals j
    LEFT JOIN transfers t ON t.journal_id = j.id AND t.month = j.month AND t.month = ANY (%(months)s)
    WHERE j.month = ANY (%(months)s) AND j.kind = 'expiry' GROUP BY j.id, j.subject, j.occurred_at)
SELECT count(*), concat('journal ', min(id::text)), is_whole, is_dated
FROM (
    SELECT b.id, coalesce(b.lines = 1 AND b.lot_id = b.subject, false) AS is_whole,
           coalesce(b.occurred_at = l.expires_at OR b.occurred_at > l.expires_at AND EXISTS (
               SELECT 1 FROM hold_slices s JOIN holds h ON h.id = s.hold_id
               WHERE s.lot_id = l.id AND h.ended_at = b.occurred_at), false) AS is_dated
    FROM booked b LEFT JOIN lots l ON l.id = b.subject) AS seen
GROUP BY is_whole, is_dated
"""


def expiries(cursor: Cursor, scope: Scope) -> list[PaperLook]:
    """Hold the scope's expiries against their lots and the holds that these outlived."""
    cursor.execute(_EXPIRIES, scope.parameters)
    return [PaperLook(rows, example, _told(*look)) for rows, example, *look in cursor.fetchall()]


def _told(is_whole: bool, is_dated: bool) -> str:
    if not is_whole:
        return "it takes not what is left of its one lot"
    return "" if is_dated else "it is dated neither at its lot's end nor when a hold let go of it after that"
