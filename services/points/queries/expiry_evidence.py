"""Evidence from expiries: each beside the end of its lot, and the ends of holds that kept its points longer.

Refuses to judge.
"""

from psycopg2.extensions import cursor as Cursor

from services.points.domain.looks import PaperLook
from services.points.queries.scope import Scope

_EXPIRIES = """
SELECT count(*), concat('journal ', min(id::text)), is_whole, is_dated
FROM (
    SELECT j.id, coalesce(t.lines = 1 AND t.lot_id = j.subject, false) AS is_whole,
           coalesce(j.occurred_at = l.expires_at OR j.occurred_at > l.expires_at AND EXISTS (
               SELECT 1 FROM hold_slices s JOIN holds h ON h.id = s.hold_id
               WHERE s.lot_id = l.id AND h.ended_at = j.occurred_at), false) AS is_dated
    FROM journals j
    LEFT JOIN (SELECT journal_id, count(*) AS lines, any_value(lot_id) AS lot_id
               FROM transfers WHERE month = ANY (%(months)s) GROUP BY journal_id) AS t ON t.journal_id = j.id
    LEFT JOIN lots l ON l.id = j.subject
    WHERE j.month = ANY (%(months)s) AND j.kind = 'expiry') AS seen
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
