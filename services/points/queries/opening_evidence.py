"""Evidence from opening balances: lines beside their journals and sheets, sheets beside their lines.

Refuses to judge. The months are said again in each join: only so does the planner leave the others out.
"""

from psycopg2.extensions import cursor as Cursor

from services.points.domain.looks import ActLook, BalanceLook
from services.points.queries.scope import Scope

_OPENINGS = """
WITH booked AS (
    SELECT j.subject, j.id, any_value(j.unit) AS unit, any_value(j.occurred_at) AS occurred_at,
           any_value(j.posted_at) AS posted_at, any_value(j.month) AS month, count(t.id) AS lines,
           sum(t.amount) AS points,
           any_value(l.wallet_id) AS wallet_id, any_value(l.origin) AS origin,
           any_value(l.earned_at) AS earned_at, any_value(l.available_at) AS available_at,
           any_value(l.expires_at) AS expires_at
    FROM journals j
    LEFT JOIN transfers t ON t.journal_id = j.id AND t.month = j.month AND t.month = ANY (%(months)s)
    LEFT JOIN lots l ON l.id = t.lot_id
    WHERE j.month = ANY (%(months)s) AND j.kind = 'opening' GROUP BY j.subject, j.id)
SELECT count(*), min(coalesce(name, 'journal ' || id)), is_kept, is_booked, fits, rule_fits
FROM (
    SELECT k.name, b.id, k.id IS NOT NULL AS is_kept, b.id IS NOT NULL AS is_booked,
           coalesce((b.unit, b.lines, b.points, b.wallet_id, b.origin, b.earned_at, b.available_at,
                     b.expires_at, b.occurred_at, b.month)
                    = (k.unit, 1, k.points, k.wallet_id, 'opening', k.earned_at, k.earned_at, k.expires_at,
                       k.occurred_at, k.month)
                    AND k.answer::json ->> 'points' = k.points::text, false) AS fits,
           coalesce(s.unit = k.unit AND s.approved_by <> s.asked_by AND s.approved_at <= b.posted_at, false)
               AS rule_fits
    FROM booked b
    FULL JOIN (SELECT * FROM openings WHERE month = ANY (%(months)s)) AS k ON k.id = b.subject
    LEFT JOIN opening_sheets s ON s.id = k.sheet_id) AS seen
GROUP BY is_kept, is_booked, fits, rule_fits
"""
_SHEETS = """
SELECT 1, concat('sheet ', s.id),
       greatest(count(o.id) - s.lines, coalesce(sum(o.points), 0)::bigint - s.points)
FROM opening_sheets s LEFT JOIN openings o ON o.sheet_id = s.id GROUP BY s.id
"""


def openings(cursor: Cursor, scope: Scope) -> list[ActLook]:
    """Hold opening balances against their journals and the sheets they came on."""
    cursor.execute(_OPENINGS, scope.parameters)
    return [ActLook(*row) for row in cursor.fetchall()]


def sheets(cursor: Cursor) -> list[BalanceLook]:
    """Hold each sheet's lines and points against what was brought in, over all months."""
    cursor.execute(_SHEETS)
    return [BalanceLook(*row) for row in cursor.fetchall()]
