"""Evidence from other ways in and out: what was kept of each act beside the journals of its kind.

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
           any_value('lot_' || replace(l.id::text, '-', '')) AS lot, any_value(l.expires_at) AS expires_at
    FROM journals j
    LEFT JOIN transfers t ON t.journal_id = j.id AND t.month = j.month AND t.month = ANY (%(months)s)
    LEFT JOIN lots l ON l.id = t.lot_id
    WHERE j.month = ANY (%(months)s) AND j.kind = 'check-in' GROUP BY j.subject, j.id)
SELECT count(*), min(coalesce('check-in ' || kept_id, 'journal ' || id)), is_kept, is_booked, fits, rule_fits
FROM (
    SELECT k.id AS kept_id, b.id, k.id IS NOT NULL AS is_kept, b.id IS NOT NULL AS is_booked,
           coalesce((b.lines, b.points, b.wallet_id, b.occurred_at, b.month, b.origin)
                    = (1, k.points, k.wallet_id, k.occurred_at, k.month, 'checkin')
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
_ADJUSTMENTS = """
WITH booked AS (
    SELECT j.subject, j.id, any_value(j.kind) AS kind, any_value(j.unit) AS unit, any_value(j.month) AS month,
           any_value(j.occurred_at) AS occurred_at, any_value(j.holder_id) AS holder_id,
           sum(t.amount) AS points, count(DISTINCT t.asset) AS assets,
           bool_and(l.issuer = j.unit) AS own, min(l.earned_at) AS earned_at,
           any_value(w.identity) AS identity
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
                    AND (k.kind = 'deduction' OR b.identity = k.identity AND b.earned_at = k.decided_at),
                    false) AS fits,
           coalesce(k.state = 'approved' AND k.decided_by <> k.asked_by AND k.asked_at <= k.decided_at, false)
               AS rule_fits
    FROM booked b
    FULL JOIN (SELECT * FROM adjustments WHERE month = ANY (%(months)s)) AS k ON k.id = b.subject) AS seen
GROUP BY is_kept, is_booked, fits, rule_fits
"""
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


def check_ins(cursor: Cursor, scope: Scope) -> list[ActLook]:
    """Hold check-ins against their journals, the day before and the rule in force."""
    return _acts(cursor, _CHECK_INS, scope)


def adjustments(cursor: Cursor, scope: Scope) -> list[ActLook]:
    """Hold approved grants and deductions against their journals."""
    return _acts(cursor, _ADJUSTMENTS, scope)


def gifts(cursor: Cursor, scope: Scope) -> list[ActLook]:
    """Hold gifts against their journals on both sides, lot by lot."""
    return _acts(cursor, _GIFTS, scope)


def _acts(cursor: Cursor, question: str, scope: Scope) -> list[ActLook]:
    cursor.execute(question, scope.parameters)
    return [ActLook(*row) for row in cursor.fetchall()]
