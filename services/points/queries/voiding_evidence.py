"""Evidence from voidings: each beside its voucher, the errand that asks the partner, the refund it brought.

Refuses to judge.
"""

from psycopg2.extensions import cursor as Cursor

from services.points.domain.looks import VoidingLook
from services.points.domain.voiding import VOID_COUPON
from services.points.queries.scope import Scope

_VOIDINGS = """
WITH mine AS (
    SELECT *, 'vdg_' || replace(id::text, '-', '') AS number FROM voidings
    WHERE month = ANY (%(months)s) OR settled_month = ANY (%(months)s)
       OR (state = 'asked' AND %(month)s::date IS NULL)
       OR refund_id IN (SELECT id FROM refunds WHERE month = ANY (%(months)s) AND name LIKE 'voiding %%')),
waiting AS (
    SELECT subject, count(*) AS times,
           min((body::json ->> 'partner') || ' ' || (body::json ->> 'voucher') || ' '
               || (body::json ->> 'redemption')) AS told,
           min((body::json ->> 'asked_at')::timestamptz) AS asked_at
    FROM (SELECT subject, CASE WHEN body IS JSON THEN body END AS body
          FROM errands WHERE kind = %(kind)s AND done_at IS NULL) AS errands GROUP BY subject),
seen AS (
    SELECT m.number, true AS is_kept,
           coalesce((v.state, v.wallet_id, v.unit) = ('issued', m.wallet_id, m.unit)
                    AND m.asked_at >= v.settled_at AND coalesce(m.settled_at >= m.asked_at, true)
                    AND m.month >= date_trunc('month', m.asked_at AT TIME ZONE 'Asia/Shanghai'), false)
               AS fits,
           coalesce(CASE WHEN m.state <> 'asked' THEN e.times IS NULL
                    ELSE (e.times, e.asked_at, e.told)
                       = (1, m.asked_at, concat_ws(' ', v.partner, 'vch_' || replace(v.id::text, '-', ''),
                                                   'red_' || replace(v.redemption_id::text, '-', ''))) END,
                    false) AS is_asked,
           coalesce(CASE m.state WHEN 'voided' THEN
                    (f.name, f.redemption_id, f.unit, f.refund_no, f.amount_fen, f.occurred_at, f.month)
                    = ('voiding ' || m.id::text, v.redemption_id, m.unit, m.number,
                       v.price_fen - v.given_back_fen, m.settled_at, m.settled_month)
               ELSE NOT EXISTS (SELECT 1 FROM refunds x WHERE x.name = 'voiding ' || m.id::text) END, false)
               AS refund_fits
    FROM mine m
    LEFT JOIN vouchers v ON v.id = m.voucher_id
    LEFT JOIN waiting e ON e.subject = m.number
    LEFT JOIN refunds f ON f.id = m.refund_id
    UNION ALL
    SELECT e.subject, false, false, false, false
    FROM waiting e
    WHERE %(month)s::date IS NULL AND NOT EXISTS (
        SELECT 1 FROM voidings d WHERE 'vdg_' || replace(d.id::text, '-', '') = e.subject))
SELECT count(*), min('voiding ' || number), is_kept, fits, is_asked, refund_fits
FROM seen GROUP BY is_kept, fits, is_asked, refund_fits
"""


def voidings(cursor: Cursor, scope: Scope) -> list[VoidingLook]:
    """Hold the scope's voidings against all that must go with them."""
    cursor.execute(_VOIDINGS, {**scope.parameters, "kind": VOID_COUPON})
    return [VoidingLook(*row) for row in cursor.fetchall()]
