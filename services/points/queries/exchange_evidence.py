"""Evidence of exchanges by wish: kept rows beside journals, lots, rules and draws.

Refuses to judge, and to trust what an exchange says of itself: rates are looked up in the rules of then.
"""

from psycopg2.extensions import cursor as Cursor

from services.points.domain.looks import BalanceLook, DrawLook, TurnLook, WishLook
from services.points.queries.scope import Scope

_HAPPENED = """
SELECT EXISTS (SELECT 1 FROM exchanges WHERE month = ANY (%(months)s))
    OR EXISTS (SELECT 1 FROM journals WHERE month = ANY (%(months)s) AND kind = 'exchange')
    OR EXISTS (SELECT 1 FROM draws WHERE name LIKE 'exchange:%%')
"""
# The rates of a quote are those of the rules that were known when the journal was posted and in force when
# it was quoted; the arithmetic is the domain's, said again in numbers without an end.
_WISHES = """
WITH booked AS (
    SELECT j.subject, j.id, j.month, any_value(j.holder_id) AS holder_id,
           any_value(j.occurred_at) AS occurred_at, any_value(j.posted_at) AS posted_at,
           coalesce(sum(t.amount) FILTER (WHERE b.role = 'exchange'), 0) AS points,
           coalesce(sum(t.worth_fen) FILTER (WHERE b.role = 'exchange'), 0) AS value_in,
           coalesce(sum(t.amount) FILTER (WHERE a.role = 'exchange' AND b.id IS NULL), 0) AS given,
           coalesce(sum(t.worth_fen) FILTER (WHERE a.role = 'exchange' AND b.id IS NULL), 0) AS value_out,
           coalesce(sum(t.amount) FILTER (WHERE b.role = 'fee'), 0) AS fee,
           coalesce(sum(t.amount) FILTER (WHERE b.role = 'residual'), 0) AS residual,
           min(t.asset) FILTER (WHERE b.role = 'exchange') AS from_asset,
           min(t.asset) FILTER (WHERE a.role = 'exchange' AND b.id IS NULL) AS to_asset
    FROM journals j
    LEFT JOIN transfers t ON t.journal_id = j.id AND t.month = j.month AND t.month = ANY (%(months)s)
    LEFT JOIN accounts a ON a.id = t.from_account
    LEFT JOIN accounts b ON b.id = t.to_account
    WHERE j.month = ANY (%(months)s) AND j.kind = 'exchange' GROUP BY j.subject, j.id, j.month),
pinned AS (
    SELECT e.*, b.posted_at,
           (SELECT ROW (r.body::json ->> 'numerator', r.body::json ->> 'denominator')::text FROM rules r
            WHERE r.kind = 'rate' AND r.subject = e.from_asset AND r.approved_at <= b.posted_at
              AND r.valid_from <= e.quoted_at
            ORDER BY r.valid_from DESC, r.version DESC LIMIT 1) AS ruled_in,
           (SELECT ROW (r.body::json ->> 'numerator', r.body::json ->> 'denominator')::text FROM rules r
            WHERE r.kind = 'rate' AND r.subject = e.to_asset AND r.approved_at <= b.posted_at
              AND r.valid_from <= e.quoted_at
            ORDER BY r.valid_from DESC, r.version DESC LIMIT 1) AS ruled_out,
           (SELECT ROW (r.body::json ->> 'numerator', r.body::json ->> 'denominator')::text FROM rules r
            WHERE r.kind = 'pair' AND r.subject = e.from_asset || '-' || e.to_asset
              AND r.approved_at <= b.posted_at AND r.valid_from <= e.quoted_at
            ORDER BY r.valid_from DESC, r.version DESC LIMIT 1) AS ruled_pair,
           coalesce((SELECT (r.body::json ->> 'fee_bp')::bigint FROM rules r
            WHERE r.kind = 'exchange' AND r.subject = 'group' AND r.approved_at <= b.posted_at
              AND r.valid_from <= e.quoted_at
            ORDER BY r.valid_from DESC, r.version DESC LIMIT 1), 0) AS ruled_fee
    FROM exchanges e LEFT JOIN booked b ON b.subject = e.id WHERE e.month = ANY (%(months)s))
SELECT count(*), min(coalesce('exchange ' || kept, 'journal ' || id)), is_kept, is_booked, balances,
       figures_fit, rates_fit, worked_fits, fits, answer_fits
FROM (
    SELECT e.id AS kept, b.id, e.id IS NOT NULL AS is_kept, b.id IS NOT NULL AS is_booked,
           coalesce(b.value_in = b.value_out + b.fee + b.residual, false) AS balances,
           (b.points, b.value_in, b.given, b.fee, b.residual, b.from_asset, b.to_asset) IS NOT DISTINCT FROM
               (e.points, e.value_fen, e.given, e.fee_fen, e.residual_fen, e.from_asset, e.to_asset)
               AS figures_fit,
           (ROW (e.in_numerator::text, e.in_denominator::text)::text,
            ROW (e.out_numerator::text, e.out_denominator::text)::text, e.fee_bp) IS NOT DISTINCT FROM
               (e.ruled_in, e.ruled_out, e.ruled_fee)
           AND CASE WHEN e.ruled_pair IS NULL THEN e.pair_numerator IS NULL AND e.pair_denominator IS NULL
                    ELSE ROW (e.pair_numerator::text, e.pair_denominator::text)::text = e.ruled_pair END
               AS rates_fit,
           coalesce(
               e.value_fen = div(e.points::numeric * e.in_numerator, e.in_denominator)
               AND e.fee_fen = div(e.value_fen::numeric * e.fee_bp + 9999, 10000)
               AND e.given = CASE WHEN e.pair_numerator IS NULL THEN e.fair ELSE least(e.fair, div(
                   (e.value_fen - e.fee_fen)::numeric * e.pair_numerator * e.in_denominator,
                   e.pair_denominator::numeric * e.in_numerator)) END, false) AS worked_fits,
           coalesce(b.month = e.month AND b.holder_id = e.holder_id AND b.occurred_at = e.occurred_at
                    AND e.day = (e.occurred_at AT TIME ZONE 'Asia/Shanghai')::date
                    AND e.occurred_at < e.quoted_at + interval '5 minutes', false) AS fits,
           (e.told ->> 'points', e.told ->> 'given', e.told ->> 'value_fen', e.told ->> 'fee_fen',
            e.told ->> 'residual_fen', e.told ->> 'from_asset', e.told ->> 'to_asset', e.told ->> 'quote')
               IS NOT DISTINCT FROM (e.points::text, e.given::text, e.value_fen::text, e.fee_fen::text,
                                     e.residual_fen::text, e.from_asset, e.to_asset,
                                     'quo_' || replace(e.quote_id::text, '-', '')) AS answer_fits
    FROM booked b FULL JOIN (
        SELECT p.*, p.answer::json AS told,
               div((p.value_fen - p.fee_fen)::numeric * p.out_denominator, p.out_numerator) AS fair
        FROM pinned p) AS e ON e.id = b.subject) AS seen
GROUP BY is_kept, is_booked, balances, figures_fit, rates_fit, worked_fits, fits, answer_fits
"""
# Each line's part follows from how much was taken up to it and with it, so rounding happens once.
_TURNS = """
WITH taken AS (
    SELECT t.id, t.journal_id, t.lot_id, t.amount, t.worth_fen, l.wallet_id, l.issuer, l.receipt_number,
           l.earned_at, l.available_at, l.expires_at, e.points, e.given, e.in_numerator, e.in_denominator,
           e.out_numerator, e.out_denominator,
           sum(t.amount) OVER (PARTITION BY t.journal_id ORDER BY t.id)::numeric AS reached
    FROM transfers t
    JOIN journals j ON j.id = t.journal_id AND j.month = t.month AND j.month = ANY (%(months)s)
        AND j.kind = 'exchange'
    JOIN accounts b ON b.id = t.to_account AND b.role = 'exchange'
    LEFT JOIN lots l ON l.id = t.lot_id
    LEFT JOIN exchanges e ON e.id = j.subject
    WHERE t.month = ANY (%(months)s)),
parts AS (
    SELECT *, div(reached * in_numerator, in_denominator)
              - div((reached - amount) * in_numerator, in_denominator) AS worth,
           div(reached * given + points - 1, points) AS upto,
           div((reached - amount) * given + points - 1, points) AS before
    FROM taken),
valued AS (
    SELECT *, div(upto * out_numerator + out_denominator - 1, out_denominator) AS worth_upto,
           div(before * out_numerator + out_denominator - 1, out_denominator) AS worth_before
    FROM parts),
brought AS (
    SELECT t.id, t.journal_id, t.cause_id, t.amount, t.worth_fen, l.parent_id, l.wallet_id, l.issuer,
           l.receipt_number, l.earned_at, l.available_at, l.expires_at, l.origin
    FROM transfers t
    JOIN journals j ON j.id = t.journal_id AND j.month = t.month AND j.month = ANY (%(months)s)
        AND j.kind = 'exchange'
    JOIN accounts a ON a.id = t.from_account AND a.role = 'exchange'
    JOIN lots l ON l.id = t.lot_id
    WHERE t.month = ANY (%(months)s))
SELECT count(*), concat('transfer ' || min(id), ' for transfer ' || min(taken_id)), is_caused, worth_fits,
       given_fits, lineage_fits
FROM (
    SELECT g.id, k.id AS taken_id, k.id IS NOT NULL AS is_caused,
           coalesce(k.worth_fen = k.worth, false) AS worth_fits,
           coalesce(coalesce(g.amount, 0) = k.upto - k.before
                    AND coalesce(g.worth_fen, 0) = k.worth_upto - k.worth_before, false) AS given_fits,
           g.id IS NULL OR coalesce(
               (g.journal_id, g.parent_id, g.wallet_id, g.issuer, g.receipt_number, g.earned_at,
                g.available_at, g.expires_at, g.origin)
               = (k.journal_id, k.lot_id, k.wallet_id, k.issuer, k.receipt_number, k.earned_at,
                  k.available_at, k.expires_at, 'exchange'), false) AS lineage_fits
    FROM valued k FULL JOIN brought g ON g.cause_id = k.id) AS seen
GROUP BY is_caused, worth_fits, given_fits, lineage_fits
"""
# What an issuer is rid of less what its new points are worth is what it paid; the group got fee and residual.
_SHARES = """
WITH shares AS (
    SELECT t.journal_id, l.issuer AS unit,
           CASE WHEN b.role = 'exchange' THEN t.worth_fen ELSE -t.worth_fen END * 100 AS amount
    FROM transfers t
    JOIN journals j ON j.id = t.journal_id AND j.month = t.month AND j.month = ANY (%(months)s)
        AND j.kind = 'exchange'
    JOIN lots l ON l.id = t.lot_id LEFT JOIN accounts b ON b.id = t.to_account
    WHERE t.month = ANY (%(months)s)
    UNION ALL
    SELECT t.journal_id, unnest(ARRAY[a.unit, b.unit]),
           unnest(CASE WHEN t.asset = 'CNY' THEN ARRAY[-t.amount, t.amount]
                       ELSE ARRAY[0, -t.amount * 100] END)
    FROM transfers t
    JOIN journals j ON j.id = t.journal_id AND j.month = t.month AND j.month = ANY (%(months)s)
        AND j.kind = 'exchange'
    JOIN accounts a ON a.id = t.from_account JOIN accounts b ON b.id = t.to_account
    WHERE t.month = ANY (%(months)s))
SELECT count(*), concat('journal ', min(journal_id::text), ' for ', min(unit)), difference
FROM (SELECT journal_id, unit, sum(amount)::bigint AS difference FROM shares
      GROUP BY journal_id, unit) AS seen
GROUP BY difference, CASE WHEN difference <> 0 THEN (journal_id, unit) END
"""
# Under a cap every foreign issuer's value is drawn, and nothing else is drawn from such a window.
_DRAWS = """
WITH capped AS (
    SELECT j.subject, concat('exchange:', l.issuer, ':', e.to_asset) AS name,
           to_char(j.occurred_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS "window",
           sum(t.worth_fen) AS amount
    FROM journals j
    JOIN exchanges e ON e.id = j.subject
    JOIN transfers t ON t.journal_id = j.id AND t.month = j.month AND t.month = ANY (%(months)s)
    JOIN accounts b ON b.id = t.to_account AND b.role = 'exchange'
    JOIN lots l ON l.id = t.lot_id
    WHERE j.month = ANY (%(months)s) AND j.kind = 'exchange'
      AND (SELECT r.body::json ->> 'pair_month_points' FROM rules r
           WHERE r.kind = 'exchange' AND r.subject = 'group' AND r.approved_at <= j.posted_at
             AND r.valid_from <= j.occurred_at
           ORDER BY r.valid_from DESC, r.version DESC LIMIT 1) IS NOT NULL
      AND e.to_asset IS DISTINCT FROM (
           SELECT r.body::json ->> 'asset' FROM rules r
           WHERE r.kind = 'unit' AND r.subject = l.issuer AND r.approved_at <= j.posted_at
             AND r.valid_from <= j.occurred_at
           ORDER BY r.valid_from DESC, r.version DESC LIMIT 1)
    GROUP BY j.subject, l.issuer, e.to_asset, j.occurred_at HAVING sum(t.worth_fen) > 0),
drawn AS (
    SELECT d.subject, d.name, d."window", d.amount FROM draws d
    LEFT JOIN journals j ON j.subject = d.subject AND j.kind = 'exchange'
    WHERE d.name LIKE 'exchange:%%' AND (j.month IS NULL OR j.month = ANY (%(months)s)))
SELECT count(*), concat('draw of ', min(subject::text), ' from ', min(name)), fits
FROM (SELECT subject, name, coalesce(c.amount = d.amount, false) AS fits
      FROM capped c FULL JOIN drawn d USING (subject, name, "window")) AS seen
GROUP BY fits, CASE WHEN NOT fits THEN (subject, name) END
"""


def happened(cursor: Cursor, scope: Scope) -> bool:
    """Tell whether there is anything to look at: other months are not read line by line for it."""
    cursor.execute(_HAPPENED, scope.parameters)
    return bool((cursor.fetchone() or (False,))[0])


def wishes(cursor: Cursor, scope: Scope) -> list[WishLook]:
    """Hold exchanges against their journals, and both against the rules of then."""
    cursor.execute(_WISHES, scope.parameters)
    return [WishLook(*row) for row in cursor.fetchall()]


def turns(cursor: Cursor, scope: Scope) -> list[TurnLook]:
    """Hold every lot that was taken against the lot that came of it."""
    cursor.execute(_TURNS, scope.parameters)
    return [TurnLook(*row) for row in cursor.fetchall()]


def shares(cursor: Cursor, scope: Scope) -> list[BalanceLook]:
    """Add up what each unit gave, got, paid and was paid in each exchange."""
    cursor.execute(_SHARES, scope.parameters)
    return [BalanceLook(*row) for row in cursor.fetchall()]


def draws(cursor: Cursor, scope: Scope) -> list[DrawLook]:
    """Hold what exchanges drew against the value that their issuers brought."""
    cursor.execute(_DRAWS, scope.parameters)
    return [DrawLook(*row) for row in cursor.fetchall()]
