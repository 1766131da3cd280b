"""Evidence from refunds: beside their journals, and line by line beside what they reverse, in whatever month.

Refuses to judge. A refund's journals and its redemption's stand in their answers, so no history is searched.
"""

from psycopg2.extensions import cursor as Cursor

from services.points.domain.looks import RefundLook, ReversalLook
from services.points.domain.refund import GRACE_DAYS
from services.points.queries.scope import Scope
from shared.kernel.calendar import days

_REFUNDS = """
WITH booked AS (
    SELECT j.subject, min(j.id::text) AS id, any_value(j.month) AS month, any_value(j.unit) AS unit,
           any_value(j.occurred_at) AS occurred_at, sum(t.worth_fen) AS amount,
           array_agg(DISTINCT 'jrn_' || replace(j.id::text, '-', '')) AS journals
    FROM journals j
    LEFT JOIN transfers t ON t.journal_id = j.id AND t.month = j.month AND t.month = ANY (%(months)s)
    WHERE j.month = ANY (%(months)s) AND j.kind = 'refund' GROUP BY j.subject),
together AS (
    SELECT id, sum(amount_fen) OVER (PARTITION BY redemption_id) AS amount_fen,
           sum(amount_fen) OVER (PARTITION BY redemption_id ORDER BY refunded_fen) AS so_far_fen
    FROM refunds
    WHERE redemption_id IN (SELECT redemption_id FROM refunds WHERE month = ANY (%(months)s)))
SELECT count(*), min(coalesce(name, 'journal ' || id)), is_kept, is_booked, amount_fits, fits, within_paid,
       answer_fits
FROM (
    SELECT f.name, b.id, f.id IS NOT NULL AS is_kept, b.id IS NOT NULL AS is_booked,
           coalesce(b.amount = f.amount_fen, false) AS amount_fits,
           coalesce((b.unit, b.month, b.occurred_at, r.unit) = (f.unit, f.month, f.occurred_at, f.unit)
                    AND f.occurred_at >= r.occurred_at AND f.refunded_fen = a.so_far_fen, false) AS fits,
           coalesce(a.amount_fen <= r.paid_fen, false) AS within_paid,
           (f.answer ->> 'amount_fen', f.answer ->> 'refunded_fen', f.answer ->> 'unit',
            f.answer ->> 'refund_no', f.answer ->> 'refund',
            ARRAY(SELECT json_array_elements_text(f.answer -> 'journals') ORDER BY 1))
               IS NOT DISTINCT FROM (f.amount_fen::text, f.refunded_fen::text, f.unit, f.refund_no,
                                     'rfd_' || replace(f.id::text, '-', ''), b.journals) AS answer_fits
    FROM booked b
    FULL JOIN (SELECT id, name, unit, month, redemption_id, refund_no, amount_fen, refunded_fen, occurred_at,
                      answer::json AS answer
               FROM refunds WHERE month = ANY (%(months)s)) AS f ON f.id = b.subject
    LEFT JOIN redemptions r ON r.id = f.redemption_id
    LEFT JOIN together a ON a.id = f.id) AS seen
GROUP BY is_kept, is_booked, amount_fits, fits, within_paid, answer_fits
"""
# The months in which the lines of the scope's refunds, of their redemptions and all other refunds are booked.
_REACH = """
WITH mine AS (SELECT redemption_id FROM refunds WHERE month = ANY (%(months)s))
SELECT month FROM redemptions WHERE id IN (SELECT redemption_id FROM mine)
UNION SELECT month FROM refunds WHERE redemption_id IN (SELECT redemption_id FROM mine)
"""
# What came back of a line is looked up in all refunds of its redemption, also in those of other months. Their
# journals are told apart before any line is read: else each refund would go through the lines of its month.
_REVERSALS = """
WITH lines AS (
    SELECT t.id, t.asset, t.amount, t.from_account, t.lot_id, t.cause_id, t.worth_fen, f.redemption_id,
           f.occurred_at
    FROM transfers t
    JOIN journals j ON j.id = t.journal_id AND j.month = t.month AND j.month = ANY (%(months)s)
                   AND j.kind = 'refund'
    LEFT JOIN refunds f ON f.id = j.subject
    WHERE t.month = ANY (%(months)s) AND t.asset <> 'CNY'),
told AS MATERIALIZED (
    SELECT f.month, substr(n.journal, 5)::uuid AS journal_id
    FROM refunds f CROSS JOIN LATERAL json_array_elements_text(f.answer::json -> 'journals') AS n(journal)
    WHERE f.redemption_id IN (SELECT redemption_id FROM lines)),
back AS (
    SELECT t.cause_id, sum(t.worth_fen) AS worth
    FROM told f
    JOIN transfers t ON t.month = f.month AND t.journal_id = f.journal_id AND t.worth_fen IS NOT NULL
                    AND t.month = ANY (%(reach)s)
    GROUP BY t.cause_id)
SELECT count(*), concat('transfer ', min(id), suspect), is_paired, lot_fits, worth_fits, within_worth
FROM (
    SELECT *, CASE WHEN is_paired AND NOT lot_fits THEN ' of lot ' || lot_id END AS suspect
    FROM (
        SELECT s.id, s.lot_id,
               coalesce(c.to_account = s.from_account AND c.worth_fen IS NOT NULL, false) AS is_paired,
               coalesce(s.lot_id = c.lot_id
                        OR (l.parent_id = c.lot_id AND l.earned = s.amount
                            AND (l.wallet_id, l.issuer, l.earned_at, l.available_at, l.expires_at)
                                = (p.wallet_id, p.issuer, p.earned_at, p.available_at,
                                   CASE WHEN p.expires_at > s.occurred_at THEN p.expires_at
                                        ELSE s.occurred_at + %(grace)s END)), false) AS lot_fits,
               coalesce(CASE WHEN s.asset = c.asset
                                  THEN s.amount::numeric * c.worth_fen = s.worth_fen::numeric * c.amount
                             ELSE s.asset = 'GRUP' AND s.amount = s.worth_fen
                                  AND s.worth_fen < c.worth_fen / gcd(c.worth_fen, c.amount) END, false)
                   AS worth_fits,
               coalesce(b.worth <= c.worth_fen, false) AS within_worth
        FROM lines s
        LEFT JOIN redemptions r ON r.id = s.redemption_id
        LEFT JOIN transfers c ON c.id = s.cause_id AND c.month = r.month AND c.month = ANY (%(reach)s)
                             AND c.journal_id = substr(CASE WHEN r.answer IS JSON
                                 THEN r.answer::json ->> 'journal' END, 5)::uuid
        LEFT JOIN lots l ON l.id = s.lot_id
        LEFT JOIN lots p ON p.id = c.lot_id
        LEFT JOIN back b ON b.cause_id = s.cause_id) AS paired) AS seen
GROUP BY suspect, is_paired, lot_fits, worth_fits, within_worth
"""


def refunds(cursor: Cursor, scope: Scope) -> list[RefundLook]:
    """Hold refunds against their journals and their redemptions."""
    cursor.execute(_REFUNDS, scope.parameters)
    return [RefundLook(*row) for row in cursor.fetchall()]


def reversals(cursor: Cursor, scope: Scope) -> list[ReversalLook]:
    """Hold the lines of refunds against the lines that they reverse."""
    cursor.execute(_REACH, scope.parameters)
    reach = [month for (month,) in cursor.fetchall()]
    cursor.execute(_REVERSALS, {**scope.parameters, "reach": reach, "grace": days(GRACE_DAYS)})
    return [ReversalLook(*row) for row in cursor.fetchall()]
