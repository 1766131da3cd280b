"""Evidence from check-ins: each beside its journal, the day before, and the rule in force.

Refuses to judge. The months are said again in each join: only so does the planner leave the others out.
"""

from psycopg2.extensions import cursor as Cursor

from services.points.domain.looks import ActLook
from services.points.queries.scope import Scope

# The rule in force is that of the rules known when the journal was posted.
_CHECK_INS = """
WITH booked AS (
    SELECT j.subject, j.id, any_value(j.posted_at) AS posted_at, any_value(j.occurred_at) AS occurred_at,
           any_value(j.month) AS month, count(t.id) AS lines, sum(t.amount) AS points,
           any_value(l.wallet_id) AS wallet_id, any_value(l.origin) AS origin,
           any_value('lot_' || replace(l.id::text, '-', '')) AS lot, any_value(l.expires_at) AS expires_at,
           any_value(l.earned_at) AS earned_at, any_value(l.available_at) AS available_at
    FROM journals j
    LEFT JOIN transfers t ON t.journal_id = j.id AND t.month = j.month AND t.month = ANY (%(months)s)
    LEFT JOIN lots l ON l.id = t.lot_id
    WHERE j.month = ANY (%(months)s) AND j.kind = 'check-in' GROUP BY j.subject, j.id)
SELECT count(*), min(coalesce('check-in ' || kept_id, 'journal ' || id)), is_kept, is_booked, fits, rule_fits
FROM (
    SELECT k.id AS kept_id, b.id, k.id IS NOT NULL AS is_kept, b.id IS NOT NULL AS is_booked,
           coalesce((b.lines, b.points, b.wallet_id, b.occurred_at, b.earned_at, b.available_at, b.month,
                     b.origin)
                    = (1, k.points, k.wallet_id, k.occurred_at, k.occurred_at, k.occurred_at, k.month,
                       'checkin')
                    AND k.day = (k.occurred_at AT TIME ZONE 'Asia/Shanghai')::date
                    AND (k.answer ->> 'lot', k.answer ->> 'points', k.answer ->> 'streak',
                         (k.answer ->> 'expires_at')::timestamptz)
                        = (b.lot, k.points::text, k.streak::text, b.expires_at),
                    false) AS fits,
           coalesce(k.streak = 1 + coalesce((SELECT p.streak FROM check_ins p
                                             WHERE p.wallet_id = k.wallet_id AND p.day = k.day - 1), 0)
                    AND k.points = (
                        SELECT (p.points ->> (least(k.streak, json_array_length(p.points)) - 1)::integer
                               )::bigint
                        FROM rules r CROSS JOIN LATERAL (SELECT r.body::json -> 'points' AS points) AS p
                        WHERE r.kind = 'check-in' AND r.subject = 'group' AND r.approved_at <= b.posted_at
                          AND r.valid_from <= k.occurred_at
                        ORDER BY r.valid_from DESC, r.version DESC LIMIT 1), false) AS rule_fits
    FROM booked b
    FULL JOIN (SELECT id, wallet_id, day, streak, points, occurred_at, month, answer::json AS answer
               FROM check_ins WHERE month = ANY (%(months)s)) AS k ON k.id = b.subject) AS seen
GROUP BY is_kept, is_booked, fits, rule_fits
"""


def check_ins(cursor: Cursor, scope: Scope) -> list[ActLook]:
    """Hold check-ins against their journals, the day before and the rule in force."""
    cursor.execute(_CHECK_INS, scope.parameters)
    return [ActLook(*row) for row in cursor.fetchall()]
