"""Evidence from holds: their rows and slices beside the journals that placed, captured and released them.

A hold reaches into other months than the scope's where it began before or ended after; they are looked up,
and only they. Refuses to judge.
"""

from collections.abc import Sequence
from datetime import date

from psycopg2.extensions import cursor as Cursor

from services.points.domain.looks import HoldLook
from services.points.queries.scope import Scope

# Those of the scope's months, and whatever is open now.
_REACH = """
WITH mine AS (SELECT * FROM holds WHERE month = ANY (%(months)s) OR ended_month = ANY (%(months)s)
         OR (is_open AND %(month)s::date IS NULL))
SELECT month FROM mine UNION SELECT ended_month FROM mine WHERE ended_month IS NOT NULL
UNION SELECT r.month FROM redemptions r JOIN mine m ON m.id = r.hold_id
"""
# For whom it was placed is told by who holds that wallet, or held it first; one that was linked somebody else
# may have held meanwhile.
# The capture that ends a hold says so, and need not be dated last: importers state their times.
# What a point was worth when the hold was placed: the rates of that moment, as they were known then.
_HOLDS = """
WITH mine AS (SELECT * FROM holds WHERE month = ANY (%(months)s) OR ended_month = ANY (%(months)s)
         OR (is_open AND %(month)s::date IS NULL)),
moves AS (
    SELECT CASE WHEN j.kind = 'capture' THEN r.hold_id ELSE j.subject END AS hold_id, j.*, r.paid_fen,
           r.occurred_at AS captured_at
    FROM journals j LEFT JOIN redemptions r ON r.id = j.subject AND j.kind = 'capture'
    WHERE j.month = ANY (%(reach)s) AND j.kind IN ('hold', 'capture', 'release')),
held AS (
    SELECT m.hold_id, t.lot_id, coalesce(sum(t.amount) FILTER (WHERE t.to_account < 0), 0) AS points,
           sum(CASE WHEN t.to_account < 0 THEN t.amount ELSE -t.amount END) AS points_left
    FROM moves m JOIN transfers t ON t.journal_id = m.id AND t.month = m.month AND t.month = ANY (%(reach)s)
    WHERE t.to_account < 0 OR t.from_account < 0 GROUP BY m.hold_id, t.lot_id),
kept AS (
    SELECT s.hold_id, s.lot_id, sum(s.points) AS points, sum(s.points_left) AS points_left
    FROM hold_slices s JOIN mine m ON m.id = s.hold_id GROUP BY s.hold_id, s.lot_id),
slices AS (
    SELECT hold_id, bool_and(coalesce((k.points, k.points_left) = (h.points, h.points_left), false)) AS fit,
           coalesce(sum(k.points_left), 0) AS points_left
    FROM kept k FULL JOIN held h USING (hold_id, lot_id) GROUP BY hold_id),
worth AS (
    SELECT m.id, sum(k.points_left * r.numerator / r.denominator) AS fen
    FROM mine m JOIN kept k ON k.hold_id = m.id JOIN lots l ON l.id = k.lot_id
    JOIN moves j ON j.id = m.journal_id
    CROSS JOIN LATERAL (
        SELECT (r.body::json ->> 'numerator')::bigint AS numerator,
               (r.body::json ->> 'denominator')::bigint AS denominator
        FROM rules r
        WHERE r.kind = 'rate' AND r.subject = l.asset AND r.approved_at <= j.posted_at
          AND r.valid_from <= m.occurred_at
        ORDER BY r.valid_from DESC, r.version DESC LIMIT 1) AS r
    WHERE m.is_open GROUP BY m.id),
captured AS (
    SELECT hold_id, sum(paid_fen) AS fen, count(*) AS times, max(occurred_at) AS last_at,
           max(occurred_at) FILTER (
               WHERE CASE WHEN answer IS JSON THEN answer::json ->> 'state' END = 'closed') AS closed_at,
           max(month) FILTER (
               WHERE CASE WHEN answer IS JSON THEN answer::json ->> 'state' END = 'closed') AS closed_in
    FROM redemptions WHERE hold_id IN (SELECT id FROM mine) GROUP BY hold_id),
booked AS (
    SELECT hold_id, count(*) FILTER (WHERE kind = 'hold') AS placed,
           count(*) FILTER (WHERE kind = 'capture') AS captures, sum(paid_fen) AS captured_fen,
           count(*) FILTER (WHERE kind = 'release') AS releases,
           max(occurred_at) FILTER (WHERE kind = 'release') AS released_at,
           max(month) FILTER (WHERE kind = 'release') AS released_in
    FROM moves GROUP BY hold_id)
SELECT count(*), min(coalesce('hold ' || hold_id, 'a capture of no hold')), is_kept, is_booked, slices_fit,
       state_fits, covers, captures_fit, end_fits, fits, answer_fits
FROM (
    SELECT coalesce(m.id, b.hold_id) AS hold_id, m.id IS NOT NULL AS is_kept,
           coalesce(b.placed = 1, false) AS is_booked, coalesce(s.fit, false) AS slices_fit,
           coalesce(m.is_open = (s.points_left > 0), false) AS state_fits,
           coalesce(NOT m.is_open OR v.fen >= m.amount_fen - m.captured_fen, false) AS covers,
           (coalesce(c.fen, 0), coalesce(c.times, 0))
               = (coalesce(m.captured_fen, 0), coalesce(b.captures, 0))
               AND coalesce(c.last_at < m.expires_at, true) AS captures_fit,
           coalesce(CASE WHEN m.is_open THEN b.releases = 0
                         WHEN m.ended_by = 'captured' THEN b.releases = 0
                              AND (m.ended_at, m.ended_month) = (c.closed_at, c.closed_in)
                         WHEN m.ended_month IS DISTINCT FROM b.released_in THEN false
                         WHEN m.ended_by = 'expired' THEN b.releases = 1 AND m.ended_at = b.released_at
                              AND m.ended_at = m.expires_at
                         ELSE b.releases = 1 AND m.ended_at = b.released_at
                              AND m.ended_at < m.expires_at END, false) AS end_fits,
           coalesce((j.kind, j.unit, j.holder_id, j.occurred_at, j.month)
                    = ('hold', m.unit, m.holder_id, m.occurred_at, m.month)
                    AND (m.holder_id IN (w.holder_id, w.first_holder_id)
                         OR w.holder_id <> w.first_holder_id), false) AS fits,
           (a.amount_fen, a.price_fen, a.unit, a.order_no, a.expires_at::timestamptz)
               IS NOT DISTINCT FROM (m.amount_fen::text, m.price_fen::text, m.unit, m.order_no, m.expires_at)
               AS answer_fits
    FROM mine m
    LEFT JOIN LATERAL json_to_record(CASE WHEN m.answer IS JSON OBJECT THEN m.answer::json END)
        AS a(amount_fen text, price_fen text, unit text, order_no text, expires_at text) ON true
    FULL JOIN booked b ON b.hold_id = m.id
    LEFT JOIN slices s ON s.hold_id = m.id
    LEFT JOIN worth v ON v.id = m.id
    LEFT JOIN wallets w ON w.identity = m.identity
    LEFT JOIN captured c ON c.hold_id = m.id
    LEFT JOIN moves j ON j.id = m.journal_id
    WHERE m.id IS NOT NULL OR NOT EXISTS (SELECT 1 FROM holds o WHERE o.id = b.hold_id)) AS seen
GROUP BY is_kept, is_booked, slices_fit, state_fits, covers, captures_fit, end_fits, fits, answer_fits
"""


def holds(cursor: Cursor, scope: Scope) -> list[HoldLook]:
    """Hold the scope's holds against their journals, in whatever months these are."""
    reach = [*scope.months, *_months_beyond(cursor, scope)]
    cursor.execute(_HOLDS, {**scope.parameters, "reach": reach})
    return [HoldLook(*row) for row in cursor.fetchall()]


def _months_beyond(cursor: Cursor, scope: Scope) -> Sequence[date]:
    cursor.execute(_REACH, scope.parameters)
    return [month for (month,) in cursor.fetchall() if month not in scope.months]
