"""Evidence from vouchers: each beside the hold that has its id, its capture, errand, coupon, offer, refunds.

Refuses to judge, and to open a seal.
"""

from psycopg2.extensions import cursor as Cursor

from services.points.domain.hold import NEVER
from services.points.domain.looks import VoucherLook
from services.points.domain.voucher import ASK_PARTNER
from services.points.queries.scope import Scope

# Digests are kept since some day: of a coupon that was issued before the first one there is none.
_VOUCHERS = """
WITH mine AS (
    SELECT *, 'vch_' || replace(id::text, '-', '') AS number FROM vouchers
    WHERE month = ANY (%(months)s) OR settled_month = ANY (%(months)s)
       OR (state = 'asked' AND %(month)s::date IS NULL)
       OR id IN (SELECT r.hold_id FROM refunds f JOIN redemptions r ON r.id = f.redemption_id
                 WHERE f.month = ANY (%(months)s) AND r.hold_id IS NOT NULL)
       OR id IN (SELECT voucher_id FROM voidings WHERE settled_month = ANY (%(months)s))),
back AS (
    SELECT r.hold_id, sum(f.amount_fen) AS fen
    FROM redemptions r JOIN refunds f ON f.redemption_id = r.id
    WHERE r.hold_id IN (SELECT id FROM mine) GROUP BY r.hold_id),
captures AS (
    SELECT hold_id, count(*) AS times, sum(paid_fen) AS fen, min(id::text)::uuid AS id
    FROM redemptions WHERE hold_id IN (SELECT id FROM mine) GROUP BY hold_id),
since AS (SELECT coalesce(min(v.settled_at), 'infinity') AS since
          FROM vouchers v WHERE v.id IN (SELECT voucher_id FROM coupons)),
digests AS (
    SELECT voucher_id, count(*) AS times, bool_and(digest ~ '^[0-9a-f]{64}$') AS alike
    FROM coupons WHERE voucher_id IN (SELECT id FROM mine) GROUP BY voucher_id),
waiting AS (
    SELECT subject, count(*) AS times,
           min((body::json ->> 'partner') || ' ' || (body::json ->> 'offer') || ' '
               || (body::json ->> 'price_fen')) AS told,
           min((body::json ->> 'until')::timestamptz) AS until
    FROM (SELECT subject, CASE WHEN body IS JSON THEN body END AS body
          FROM errands WHERE kind = %(kind)s AND done_at IS NULL) AS errands GROUP BY subject),
seen AS (
    SELECT v.number, true AS is_kept, h.id IS NOT NULL AS is_booked,
           coalesce((h.name, h.identity, h.unit, h.order_no, h.price_fen, h.amount_fen, h.occurred_at,
                     h.month, h.expires_at, w.identity, v.day)
                    = ('voucher ' || v.id::text, v.member, v.unit, v.number, v.price_fen, v.price_fen,
                       v.asked_at, v.month, %(never)s, v.member,
                       (v.asked_at AT TIME ZONE 'Asia/Shanghai')::date), false) AS fits,
           coalesce(CASE v.state
               WHEN 'asked' THEN h.is_open AND c.times IS NULL
               WHEN 'issued' THEN (h.ended_by, h.ended_at, h.ended_month, c.times, c.fen, c.id)
                   = ('captured', v.settled_at, v.settled_month, 1, v.price_fen, v.redemption_id)
               ELSE (h.ended_by, h.ended_at, h.ended_month) = ('released', v.settled_at, v.settled_month)
                   AND c.times IS NULL END, false) AS end_fits,
           coalesce(CASE WHEN v.state <> 'asked' THEN e.times IS NULL ELSE (e.times, e.told, e.until)
                    = (1, v.partner || ' ' || v.offer || ' ' || v.price_fen, v.ask_until) END, false)
               AS is_asked,
           coalesce((k.wallet_id = v.wallet_id) IS NOT DISTINCT FROM nullif(v.state = 'issued', false), false)
               AND CASE WHEN v.state = 'issued' THEN coalesce(q.times = 1 AND q.alike, v.settled_at < s.since)
                   ELSE q.times IS NULL END
               AS code_fits,
           coalesce((r.body::json ->> 'partner', r.body::json ->> 'unit',
                     (r.body::json ->> 'price_fen')::bigint,
                     v.asked_at + make_interval(secs => (r.body::json ->> 'asked_s')::integer))
                    = (v.partner, v.unit, v.price_fen, v.ask_until) AND r.approved_at IS NOT NULL, false)
               AS offer_fits,
           coalesce(b.fen, 0) = CASE WHEN d.id IS NULL THEN v.given_back_fen ELSE v.price_fen END AS back_fits
    FROM mine v
    LEFT JOIN holds h ON h.id = v.id
    LEFT JOIN wallets w ON w.id = v.wallet_id
    LEFT JOIN captures c ON c.hold_id = v.id
    LEFT JOIN waiting e ON e.subject = v.number
    LEFT JOIN voucher_codes k ON k.voucher_id = v.id
    LEFT JOIN digests q ON q.voucher_id = v.id
    CROSS JOIN since s
    LEFT JOIN back b ON b.hold_id = v.id
    LEFT JOIN voidings d ON d.voucher_id = v.id AND d.state = 'voided'
    LEFT JOIN rules r ON r.kind = 'offer' AND r.subject = v.offer AND r.version = v.offer_version
    UNION ALL
    SELECT h.order_no, false, true, false, false, false, false, false, false
    FROM holds h
    WHERE (h.expires_at = %(never)s OR h.name LIKE 'voucher %%') AND NOT EXISTS (
          SELECT 1 FROM vouchers v WHERE v.id = h.id)
      AND (h.month = ANY (%(months)s) OR h.ended_month = ANY (%(months)s)
           OR (h.is_open AND %(month)s::date IS NULL)))
SELECT count(*), min('voucher ' || number), is_kept, is_booked, fits, end_fits, is_asked, code_fits,
       offer_fits, back_fits
FROM seen GROUP BY is_kept, is_booked, fits, end_fits, is_asked, code_fits, offer_fits, back_fits
"""


def vouchers(cursor: Cursor, scope: Scope) -> list[VoucherLook]:
    """Hold the scope's vouchers against all that must go with them."""
    cursor.execute(_VOUCHERS, {**scope.parameters, "kind": ASK_PARTNER, "never": NEVER})
    return [VoucherLook(*row) for row in cursor.fetchall()]
