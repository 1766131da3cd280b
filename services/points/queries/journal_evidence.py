"""Evidence from journals: beside receipts, redemptions, batches and holders; and the locks of sealed months.

Refuses to judge. Batches that reach into other months are looked up there, and only they.
"""

from psycopg2.extensions import cursor as Cursor

from services.points.domain.looks import (
    BatchLook,
    HolderLook,
    JournalLook,
    PaperLook,
    ReceiptLook,
    RedemptionLook,
)
from services.points.queries.scope import Scope

# A photographed receipt earns by an accepted doubt alone.
# An answer is taken apart once, however much of it is looked at; one that cannot be read says nothing.
_RECEIPTS = """
WITH earned AS (
    SELECT j.subject, j.id, j.month, any_value(j.unit) AS unit,
           count(t.id) FILTER (WHERE l.origin = 'receipt') AS lines, count(t.id) AS all_lines,
           sum(t.amount) FILTER (WHERE l.origin = 'receipt') AS points,
           any_value(j.occurred_at) AS occurred_at, any_value(l.wallet_id) AS wallet_id,
           any_value('lot_' || replace(l.id::text, '-', '')) FILTER (WHERE l.origin = 'receipt') AS lot,
           any_value(l.earned_at) AS earned_at, any_value(l.available_at) AS available_at,
           any_value(l.expires_at) AS expires_at,
           bool_and((l.wallet_id, l.earned_at, l.available_at, l.expires_at) IS NOT NULL)
               AND min(l.wallet_id::text) = max(l.wallet_id::text) AND min(l.earned_at) = max(l.earned_at)
               AND min(l.available_at) = max(l.available_at)
               AND min(l.expires_at) = max(l.expires_at) AS alike,
           sum(t.amount) FILTER (WHERE l.origin = 'campaign') AS bonus,
           any_value(l.issuer) FILTER (WHERE l.origin = 'campaign') AS bearer,
           any_value('lot_' || replace(l.id::text, '-', '')) FILTER (WHERE l.origin = 'campaign') AS bonus_lot
    FROM journals j
    LEFT JOIN transfers t ON t.journal_id = j.id AND t.month = j.month AND t.month = ANY (%(months)s)
    LEFT JOIN lots l ON l.id = t.lot_id
    WHERE j.month = ANY (%(months)s) AND j.kind = 'earning' GROUP BY j.subject, j.id, j.month)
SELECT count(*), min(coalesce(name, 'journal ' || id)), is_kept, is_booked, earns, fits, answer_fits
FROM (
    SELECT r.name, e.id, r.id IS NOT NULL AS is_kept, e.id IS NOT NULL AS is_booked,
           coalesce(r.points, 0) > 0 AS earns,
           coalesce(e.lines = 1 AND e.points = r.points AND e.unit = r.unit AND e.month = r.month
                    AND e.wallet_id = r.wallet_id AND e.occurred_at = r.occurred_at
                    AND e.earned_at = r.purchased_at AND e.alike
                    AND e.all_lines = 1 + (e.bonus IS NOT NULL)::int
                    AND coalesce(e.bonus, 0) = coalesce((r.campaign ->> 'points')::bigint, 0)
                    AND coalesce(e.bearer = r.campaign ->> 'bearer', e.bonus IS NULL),
                    coalesce(r.points, 0) = 0) AS fits,
           r.told_fits AND (r.told_points, r.told_fen, r.told_unit)
               IS NOT DISTINCT FROM (r.points::text, r.amount_fen::text, r.unit)
           AND (r.lot, r.available_at::timestamptz, r.expires_at::timestamptz)
               IS NOT DISTINCT FROM (e.lot, e.available_at, e.expires_at)
           AND (r.bonus ->> 'points', r.bonus ->> 'bearer', r.bonus ->> 'lot')
               IS NOT DISTINCT FROM (e.bonus::text, e.bearer, e.bonus_lot)
           AND coalesce(r.told_cut, '[]') = coalesce(r.cut, '[]') AS answer_fits
    FROM earned e
    FULL JOIN (SELECT k.id, k.name, k.unit, k.month, k.wallet_id, k.amount_fen, k.points, k.occurred_at,
                      k.purchased_at, a.points AS told_points, a.amount_fen AS told_fen, a.unit AS told_unit,
                      (a.store, a.receipt_no) IS NOT DISTINCT FROM (k.store, k.number)
                      AND (a.source IS DISTINCT FROM 'photo' OR d.receipt_id IS NOT NULL) AS told_fits,
                      a.lot, a.available_at, a.expires_at, a.bonus, a.cut AS told_cut, t.campaign, t.cut
               FROM receipts k
               LEFT JOIN (SELECT DISTINCT receipt_id FROM doubts WHERE state = 'accepted') AS d
                   ON d.receipt_id = k.id
               LEFT JOIN LATERAL json_to_record(CASE WHEN k.answer IS JSON OBJECT THEN k.answer::json END)
                   AS a(points text, amount_fen text, unit text, store text, receipt_no text, source text,
                        lot text, available_at text, expires_at text, bonus json, cut text) ON true
               LEFT JOIN LATERAL json_to_record(CASE WHEN k.terms IS JSON OBJECT THEN k.terms::json END)
                   AS t(campaign json, cut text) ON true
               WHERE k.month = ANY (%(months)s)) AS r ON r.id = e.subject) AS seen
GROUP BY is_kept, is_booked, earns, fits, answer_fits
"""
_REDEMPTIONS = """
WITH booked AS (
    SELECT j.subject, j.id, j.month, any_value(j.unit) AS unit, any_value(j.holder_id) AS holder_id,
           any_value(j.occurred_at) AS occurred_at,
           sum(t.worth_fen) AS paid,
           coalesce(sum(CASE WHEN a.role = 'exchange' THEN t.amount
                             WHEN b.role = 'redeemed' AND t.cause_id IS NOT NULL THEN -t.amount END), 0)
               AS change
    FROM journals j
    LEFT JOIN transfers t ON t.journal_id = j.id AND t.month = j.month AND t.month = ANY (%(months)s)
    LEFT JOIN accounts a ON a.id = t.from_account
    LEFT JOIN accounts b ON b.id = t.to_account
    WHERE j.month = ANY (%(months)s) AND j.kind IN ('redemption', 'capture')
    GROUP BY j.subject, j.id, j.month)
SELECT count(*), min(coalesce(name, 'journal ' || id)), is_kept, is_booked, paid_fits, change_fits, fits,
       answer_fits
FROM (
    SELECT r.name, b.id, r.id IS NOT NULL AS is_kept, b.id IS NOT NULL AS is_booked,
           coalesce(b.paid = r.paid_fen, false) AS paid_fits,
           coalesce(b.change = r.change_points, false) AS change_fits,
           coalesce(b.unit = r.unit AND b.month = r.month AND b.holder_id = r.holder_id
                    AND b.occurred_at = r.occurred_at, false) AS fits,
           (r.told_price, r.told_paid, r.told_change, r.told_unit, r.told_order)
               IS NOT DISTINCT FROM (r.price_fen::text, r.paid_fen::text, r.change_points::text, r.unit,
                                     r.order_no) AS answer_fits
    FROM booked b
    FULL JOIN (SELECT k.id, k.name, k.unit, k.order_no, k.month, k.holder_id, k.price_fen, k.paid_fen,
                      k.change_points, k.occurred_at, a.price_fen AS told_price, a.paid_fen AS told_paid,
                      a.change_points AS told_change, a.unit AS told_unit, a.order_no AS told_order
               FROM redemptions k
               LEFT JOIN LATERAL json_to_record(CASE WHEN k.answer IS JSON OBJECT THEN k.answer::json END)
                   AS a(price_fen text, paid_fen text, change_points text, unit text, order_no text) ON true
               WHERE k.month = ANY (%(months)s)) AS r ON r.id = b.subject) AS seen
GROUP BY is_kept, is_booked, paid_fits, change_fits, fits, answer_fits
"""
_JOURNALS = """
SELECT count(*), concat('journal ', min(id::text)), state, has_holder, has_lines, booked_fits, in_time
FROM (
    SELECT j.id, m.state, h.id IS NOT NULL AS has_holder, l.journal_id IS NOT NULL AS has_lines,
           CASE WHEN j.concerns_month IS NULL THEN j.month = j.own
                ELSE j.concerns_month = j.own AND j.month > j.own END AS booked_fits,
           coalesce(j.posted_at < m.sealed_at, true) AS in_time
    FROM (SELECT *, date_trunc('month', occurred_at AT TIME ZONE 'Asia/Shanghai')::date AS own
          FROM journals WHERE month = ANY (%(months)s)) AS j
    LEFT JOIN months m ON m.month = j.month
    LEFT JOIN holders h ON h.id = j.holder_id
    LEFT JOIN (SELECT DISTINCT month, journal_id FROM transfers WHERE month = ANY (%(months)s)) AS l
        ON l.month = j.month AND l.journal_id = j.id) AS seen
GROUP BY state, has_holder, has_lines, booked_fits, in_time
"""
# A batch as its lines make it: how many, their digest, when its journals were posted.
_FOLDED = """j.batch_id, count(t.id) AS lines, sha256(convert_to(string_agg(concat_ws(
               '|', t.month, t.id, t.journal_id, t.asset, t.amount, t.from_account, t.to_account,
               coalesce(t.lot_id::text, '-'), coalesce(t.cause_id::text, '-'),
               coalesce(t.worth_fen::text, '-')), E'\\n' ORDER BY t.id), 'UTF8')) AS digest,
           min(j.posted_at) AS first_at, max(j.posted_at) AS last_at"""
_BATCHES = f"""
WITH lines AS (
    SELECT {_FOLDED}
    FROM journals j
    LEFT JOIN transfers t ON t.journal_id = j.id AND t.month = j.month AND t.month = ANY (%(months)s)
    WHERE j.month = ANY (%(months)s) GROUP BY j.batch_id),
known AS (
    SELECT id, posted_at, rows, digest FROM batches
    WHERE id >= (SELECT min(batch_id) FROM lines)
      AND (%(month)s::date IS NULL OR id <= (SELECT max(batch_id) FROM lines)))
SELECT coalesce(k.id, l.batch_id), k.id IS NOT NULL, coalesce(l.lines, 0) = k.rows,
       coalesce(k.digest = l.digest, false),
       coalesce((l.first_at, l.last_at) = (k.posted_at, k.posted_at), true)
FROM known k FULL JOIN lines l ON l.batch_id = k.id
"""  # noqa: S608 - its part is a constant of this file
_WIDE_BATCHES = f"""
SELECT k.id, coalesce(l.lines, 0) = k.rows, coalesce(k.digest = l.digest, false),
       coalesce((l.first_at, l.last_at) = (k.posted_at, k.posted_at), true)
FROM batches k LEFT JOIN (
    SELECT {_FOLDED}
    FROM journals j LEFT JOIN transfers t ON t.journal_id = j.id AND t.month = j.month
    WHERE j.batch_id = ANY (%(batches)s) GROUP BY j.batch_id) AS l ON l.batch_id = k.id
WHERE k.id = ANY (%(batches)s)
"""  # noqa: S608 - its part is a constant of this file
_HOLDERS = """
SELECT count(*), concat('holder ', min(id::text)), difference, is_behind
FROM (SELECT coalesce(h.id, j.holder_id) AS id,
             coalesce(h.version, 0) - coalesce(j.journals, 0) AS difference,
             coalesce(h.batch_id < j.batch_id, false) AS is_behind
      FROM holders h
      FULL JOIN (SELECT holder_id, count(*) AS journals, max(batch_id) AS batch_id
                 FROM journals GROUP BY holder_id) AS j
          ON j.holder_id = h.id) AS seen
GROUP BY difference, is_behind, CASE WHEN difference <> 0 OR is_behind THEN id END
"""
# Two partitions, each with a trigger for rows and one for truncation, fired in every session role.
_LOCKS = """
SELECT m.month, m.state, count(t.oid)
FROM months m
LEFT JOIN pg_class c ON c.relnamespace = 'public'::regnamespace AND c.relname IN (
    'journals_' || to_char(m.month, 'YYYY_MM'), 'transfers_' || to_char(m.month, 'YYYY_MM'))
LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgenabled = 'A'
    AND t.tgname IN ('refuse_rows', 'refuse_truncate')
WHERE m.month = ANY (%(months)s) AND (m.state = 'sealed' OR m.month = %(month)s)
GROUP BY m.month, m.state ORDER BY m.month
"""
LOCKS = 4


def receipts(cursor: Cursor, scope: Scope) -> list[ReceiptLook]:
    """Hold receipts against the journals that earned for them."""
    cursor.execute(_RECEIPTS, scope.parameters)
    return [ReceiptLook(*row) for row in cursor.fetchall()]


def redemptions(cursor: Cursor, scope: Scope) -> list[RedemptionLook]:
    """Hold redemptions against their journals."""
    cursor.execute(_REDEMPTIONS, scope.parameters)
    return [RedemptionLook(*row) for row in cursor.fetchall()]


def journals(cursor: Cursor, scope: Scope) -> list[JournalLook]:
    """Look at month, holder and lines of every journal."""
    cursor.execute(_JOURNALS, scope.parameters)
    return [JournalLook(*row) for row in cursor.fetchall()]


def batches(cursor: Cursor, scope: Scope) -> list[BatchLook]:
    """Compute every batch's digest anew; a batch of several months is read in all of them."""
    cursor.execute(_BATCHES, scope.parameters)
    found = {id_: look for id_, *look in cursor.fetchall()}
    short = [id_ for id_, (known, rows_fit, *_) in found.items() if known and not rows_fit]
    if short:
        cursor.execute(_WIDE_BATCHES, {"batches": short})
        found.update({id_: [True, *look] for id_, *look in cursor.fetchall()})
    sound = [id_ for id_, look in found.items() if all(look)]
    looks = [BatchLook(1, f"batch {id_}", *look) for id_, look in sorted(found.items()) if not all(look)]
    return [BatchLook(len(sound), f"batch {min(sound)}", True, True, True, True), *looks] if sound else looks


def holders(cursor: Cursor) -> list[HolderLook]:
    """Hold each holder's version and last batch against those of its journals, over all months."""
    cursor.execute(_HOLDERS)
    return [HolderLook(*row) for row in cursor.fetchall()]


def locks(cursor: Cursor, scope: Scope) -> list[PaperLook]:
    """Look whether the triggers of sealed months stand."""
    cursor.execute(_LOCKS, scope.parameters)
    return [
        PaperLook(LOCKS, f"month {month:%Y-%m}", _unlocked(state, count))
        for month, state, count in cursor.fetchall()
    ]


def _unlocked(state: str, count: int) -> str:
    if state != "sealed":
        return f"it has a snapshot and is {state}"
    return "" if count == LOCKS else f"{count} of {LOCKS} triggers stand"
