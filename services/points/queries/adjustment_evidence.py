"""Evidence from grants and deductions by hand: the approved ones beside their journals.

What was granted ends by the rule in force, of the rules known when the journal was posted. Points are taken
from any wallet of a person: whose they were is told by who holds the identity's wallet, or held it first; one
that was linked somebody else may have held meanwhile. Refuses to judge.
The months are said again in each join: only so does the planner leave the others out.
"""

from psycopg2.extensions import cursor as Cursor

from services.points.domain.looks import ActLook
from services.points.queries.scope import Scope
from shared.kernel.calendar import SHANGHAI

_ADJUSTMENTS = """
WITH booked AS (
    SELECT j.subject, j.id, any_value(j.kind) AS kind, any_value(j.unit) AS unit, any_value(j.month) AS month,
           any_value(j.occurred_at) AS occurred_at, any_value(j.holder_id) AS holder_id,
           sum(t.amount) AS points, count(DISTINCT t.asset) AS assets,
           bool_and(l.issuer = j.unit) AS own, min(l.earned_at) AS earned_at,
           min(l.available_at) AS available_at, min(l.expires_at) AS expires_at,
           any_value(j.posted_at) AS posted_at, any_value(w.identity) AS identity
    FROM journals j
    LEFT JOIN transfers t ON t.journal_id = j.id AND t.month = j.month AND t.month = ANY (%(months)s)
    LEFT JOIN lots l ON l.id = t.lot_id
    LEFT JOIN wallets w ON w.id = l.wallet_id
    WHERE j.month = ANY (%(months)s) AND j.kind IN ('grant', 'deduction') GROUP BY j.subject, j.id)
SELECT count(*), min(coalesce(named || ' ' || kept_id, 'journal ' || id)), is_kept, is_booked, fits, rule_fits
FROM (
    SELECT k.id AS kept_id, k.kind AS named, b.id, k.id IS NOT NULL AS is_kept, b.id IS NOT NULL AS is_booked,
           coalesce((b.kind, b.unit, b.points, b.assets, b.month, b.occurred_at, b.own)
                    = (k.kind, k.unit, k.points, 1, k.month, k.decided_at, true)
                    AND (k.kind = 'deduction' OR (b.identity, b.earned_at, b.available_at)
                                                = (k.identity, k.decided_at, k.decided_at))
                    AND (b.holder_id IN (h.holder_id, h.first_holder_id)
                         OR h.holder_id <> h.first_holder_id), false) AS fits,
           coalesce(k.state = 'approved' AND k.decided_by <> k.asked_by AND k.asked_at <= k.decided_at
                    AND (k.kind = 'deduction' OR b.expires_at = (
                        SELECT (date_trunc('quarter', date_trunc('month', k.decided_at AT TIME ZONE %(zone)s)
                                + make_interval(months => (r.body::json ->> 'expiry_months')::integer))
                                + interval '3 months') AT TIME ZONE %(zone)s
                        FROM rules r
                        WHERE r.kind = 'grant' AND r.subject = 'group' AND r.approved_at <= b.posted_at
                          AND r.valid_from <= k.decided_at
                        ORDER BY r.valid_from DESC, r.version DESC LIMIT 1)), false) AS rule_fits
    FROM booked b
    FULL JOIN (SELECT * FROM adjustments WHERE month = ANY (%(months)s)) AS k ON k.id = b.subject
    LEFT JOIN wallets h ON h.identity = k.identity) AS seen
GROUP BY is_kept, is_booked, fits, rule_fits
"""


def adjustments(cursor: Cursor, scope: Scope) -> list[ActLook]:
    """Hold approved grants and deductions against their journals."""
    cursor.execute(_ADJUSTMENTS, {**scope.parameters, "zone": SHANGHAI.key})
    return [ActLook(*row) for row in cursor.fetchall()]
