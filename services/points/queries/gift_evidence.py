"""Evidence from gifts: each beside its journals on both sides, lot by lot.

Refuses to judge. The months are said again in each join: only so does the planner leave the others out.
"""

from psycopg2.extensions import cursor as Cursor

from services.points.domain.looks import ActLook
from services.points.queries.scope import Scope

_GIFTS = """
WITH lines AS (
    SELECT j.subject, j.kind, j.id, j.month, j.occurred_at, t.lot_id, t.amount, t.asset, l.parent_id,
           l.issuer, l.receipt_number, l.earned_at, l.available_at, l.expires_at, w.identity, l.origin
    FROM journals j
    LEFT JOIN transfers t ON t.journal_id = j.id AND t.month = j.month AND t.month = ANY (%(months)s)
    LEFT JOIN lots l ON l.id = t.lot_id
    LEFT JOIN wallets w ON w.id = l.wallet_id
    WHERE j.month = ANY (%(months)s) AND j.kind IN ('gift', 'gift-received')),
booked AS (
    SELECT coalesce(o.subject, i.subject) AS subject, min(coalesce(o.id, i.id)::text) AS id,
           coalesce(bool_and((o.amount, o.asset, o.issuer, o.receipt_number, o.earned_at, o.available_at,
                              o.expires_at, o.month, o.occurred_at, 'gift')
                    = (i.amount, i.asset, i.issuer, i.receipt_number, i.earned_at, i.available_at,
                       i.expires_at, i.month, i.occurred_at, i.origin)), false) AS passes,
           sum(o.amount) AS points, min(o.asset) AS asset, count(DISTINCT o.asset) AS assets,
           min(i.identity) AS receiver, count(DISTINCT i.identity) AS receivers,
           min(o.occurred_at) AS occurred_at, min(o.month) AS month,
           count(*) FILTER (WHERE o.subject IS NULL OR i.subject IS NULL) AS loose
    FROM (SELECT * FROM lines WHERE kind = 'gift') AS o
    FULL JOIN (SELECT * FROM lines WHERE kind = 'gift-received') AS i
           ON i.subject = o.subject AND i.parent_id = o.lot_id
    GROUP BY coalesce(o.subject, i.subject))
SELECT count(*), min(coalesce('gift ' || kept_id, 'journal ' || id)), is_kept, is_booked, fits, rule_fits
FROM (
    SELECT k.id AS kept_id, b.id, k.id IS NOT NULL AS is_kept, b.subject IS NOT NULL AS is_booked,
           coalesce(b.passes AND (b.loose, b.points, b.asset, b.assets, b.receiver, b.receivers,
                                  b.occurred_at, b.month)
                    = (0, k.points, k.asset, 1, k.receiver, 1, k.given_at, k.month), false) AS fits,
           coalesce(k.giver <> k.receiver AND k.giver_identity = k.giver AND k.given_at < k.expires_at
                    AND k.given_day = (k.given_at AT TIME ZONE 'Asia/Shanghai')::date
                    AND k.worth_fen = (
                        SELECT k.points * (r.body::json ->> 'numerator')::bigint
                               / (r.body::json ->> 'denominator')::bigint
                        FROM rules r
                        WHERE r.kind = 'rate' AND r.subject = k.asset AND r.approved_at <= k.asked_at
                          AND r.valid_from <= k.asked_at
                        ORDER BY r.valid_from DESC, r.version DESC LIMIT 1), false) AS rule_fits
    FROM booked b
    FULL JOIN (SELECT g.*, w.identity AS giver_identity FROM gifts g
               LEFT JOIN wallets w ON w.id = g.giver_wallet_id
               WHERE g.month = ANY (%(months)s)) AS k ON k.id = b.subject) AS seen
GROUP BY is_kept, is_booked, fits, rule_fits
"""


def gifts(cursor: Cursor, scope: Scope) -> list[ActLook]:
    """Hold gifts against their journals on both sides, lot by lot."""
    cursor.execute(_GIFTS, scope.parameters)
    return [ActLook(*row) for row in cursor.fetchall()]
