"""Evidence from transfers: lines by shape, slices beside their money, exchanges leg by leg.

Each question reads the scope's months once and adds up rows that look alike. Refuses to judge. The months are
said again in each join: only so does the planner leave the others out.
"""

from psycopg2.extensions import cursor as Cursor

from services.points.domain.looks import ExchangeLook, LineLook, SliceLook
from services.points.queries.scope import Scope

_LINES = """
SELECT count(*), concat('transfer ', min(id), suspect), kind, is_money, from_role, to_role, lot, cause, pays,
       moves, units_fit, points_fit
FROM (
    SELECT *, CASE WHEN 'stranger' IN (from_role, to_role) THEN ' of wallet ' || wallet_id
                   WHEN NOT units_fit OR NOT points_fit THEN ' of lot ' || lot_id END AS suspect
    FROM (
        SELECT t.id, t.lot_id, l.wallet_id, j.kind, t.asset = 'CNY' AS is_money,
               coalesce(a.role, CASE WHEN t.from_account = w.account THEN 'wallet'
                                     WHEN t.from_account = -w.account THEN 'held'
                                     WHEN d.account IS NOT NULL THEN 'debt' ELSE 'stranger' END) AS from_role,
               coalesce(b.role, CASE WHEN t.to_account = w.account THEN 'wallet'
                                     WHEN t.to_account = -w.account THEN 'held'
                                     WHEN e.account IS NOT NULL THEN 'debt' ELSE 'stranger' END) AS to_role,
               CASE WHEN t.lot_id IS NULL THEN 'none'
                    WHEN l.asset = t.asset THEN 'known' ELSE 'lost' END AS lot,
               CASE WHEN t.cause_id IS NULL THEN 'none'
                    WHEN c.id >= t.id THEN 'lost'
                    WHEN c.journal_id = t.journal_id THEN
                         CASE WHEN c.lot_id = t.lot_id THEN 'same lot' ELSE 'other lot' END
                    WHEN EXISTS (SELECT 1 FROM transfers f WHERE f.id = t.cause_id AND f.id < t.id
                                 AND f.journal_id <> t.journal_id) THEN 'earlier'
                    ELSE 'lost' END AS cause,
               t.worth_fen IS NOT NULL AS pays,
               t.amount > 0 AND t.from_account <> t.to_account AS moves,
               coalesce(CASE WHEN a.role = 'issued'
                                 -- A campaign's bonus may be borne by the group.
                                 THEN a.unit = l.issuer AND (a.unit = j.unit OR l.origin = 'campaign')
                             WHEN b.role IN ('expired', 'issued') THEN b.unit = l.issuer
                             WHEN a.role = 'redeemed' THEN a.unit = j.unit
                             WHEN b.role = 'debts' THEN b.unit = d.issuer
                             WHEN a.role = 'debts' THEN a.unit = e.issuer AND a.unit = j.unit
                             WHEN b.role = 'redeemed' THEN b.unit = j.unit ELSE true END, false) AS units_fit,
               coalesce(CASE WHEN a.role IN ('issued', 'exchange', 'gift') AND b.role IS NULL
                             THEN t.amount = l.earned ELSE true END, false) AS points_fit
        FROM transfers t
        LEFT JOIN journals j ON j.id = t.journal_id AND j.month = t.month AND j.month = ANY (%(months)s)
        LEFT JOIN accounts a ON a.id = t.from_account
        LEFT JOIN accounts b ON b.id = t.to_account
        LEFT JOIN lots l ON l.id = t.lot_id
        LEFT JOIN wallets w ON w.id = l.wallet_id
        LEFT JOIN debts d ON d.account = t.from_account
        LEFT JOIN debts e ON e.account = t.to_account
        LEFT JOIN transfers c ON c.id = t.cause_id AND c.month = t.month AND c.month = ANY (%(months)s)
        WHERE t.month = ANY (%(months)s)) AS seen) AS lines
GROUP BY suspect, kind, is_money, from_role, to_role, lot, cause, pays, moves, units_fit, points_fit
"""
# The rate in force is that of the rules known when the journal was posted; a capture's is that of its hold.
# A reversal is worth what the line it reverses is worth, wherever that is booked: refund_evidence.py looks.
_SLICES = """
WITH slices AS (
    SELECT t.id, t.journal_id, t.worth_fen, l.issuer, j.unit,
           CASE WHEN a.role IS NULL THEN l.issuer ELSE j.unit END AS payer,
           CASE WHEN a.role IS NULL THEN j.unit ELSE l.issuer END AS payee,
           CASE WHEN a.role IS NOT NULL THEN t.worth_fen
                WHEN t.cause_id IS NOT NULL THEN t.amount
                ELSE (SELECT t.amount * (r.body::json ->> 'numerator')::bigint
                             / (r.body::json ->> 'denominator')::bigint
                      FROM rules r
                      WHERE r.kind = 'rate' AND r.subject = t.asset AND r.approved_at <= j.posted_at
                        AND r.valid_from <= coalesce(pinned.occurred_at, j.occurred_at)
                      ORDER BY r.valid_from DESC, r.version DESC LIMIT 1) END AS value
    FROM transfers t
    LEFT JOIN accounts a ON a.id = t.from_account AND a.role = 'redeemed'
    LEFT JOIN accounts b ON b.id = t.to_account AND b.role = 'redeemed'
    LEFT JOIN journals j ON j.id = t.journal_id AND j.month = t.month AND j.month = ANY (%(months)s)
    LEFT JOIN (SELECT r.id, h.occurred_at FROM redemptions r JOIN holds h ON h.id = r.hold_id) AS pinned
        ON pinned.id = j.subject
    LEFT JOIN lots l ON l.id = t.lot_id
    WHERE t.month = ANY (%(months)s) AND (a.id IS NOT NULL OR b.id IS NOT NULL)),
money AS (
    SELECT t.cause_id, min(t.id) AS id, any_value(t.journal_id) AS journal_id, count(*) AS lines,
           sum(t.amount) AS amount, any_value(a.unit) AS payer, any_value(b.unit) AS payee
    FROM transfers t
    LEFT JOIN accounts a ON a.id = t.from_account
    LEFT JOIN accounts b ON b.id = t.to_account
    LEFT JOIN journals j ON j.id = t.journal_id AND j.month = t.month AND j.month = ANY (%(months)s)
    WHERE t.month = ANY (%(months)s) AND t.asset = 'CNY' AND j.kind IS DISTINCT FROM 'exchange'
      AND coalesce(a.role, '') <> 'debts' AND coalesce(b.role, '') <> 'debts'
    GROUP BY t.cause_id)
SELECT count(*), concat('transfer ' || min(id), ' settled by transfer ' || min(money_id)), is_slice,
       is_foreign, settlements, amount_fits, units_fit, worth_fits
FROM (
    SELECT s.id, m.id AS money_id, s.id IS NOT NULL AS is_slice,
           s.issuer IS DISTINCT FROM s.unit AS is_foreign,
           coalesce(m.lines, 0) AS settlements, coalesce(m.amount = s.worth_fen * 100, false) AS amount_fits,
           coalesce((m.payer, m.payee, m.journal_id) = (s.payer, s.payee, s.journal_id), false)
               AS units_fit,
           coalesce(s.worth_fen = s.value, false) AS worth_fits
    FROM slices s FULL JOIN money m ON m.cause_id = s.id) AS seen
GROUP BY is_slice, is_foreign, settlements, amount_fits, units_fit, worth_fits
"""
_EXCHANGES = """
WITH taken AS (
    SELECT t.id, t.journal_id, t.lot_id, l.wallet_id, l.issuer, l.earned_at, l.available_at, l.expires_at,
           (SELECT t.amount * (r.body::json ->> 'numerator')::bigint
                   / (r.body::json ->> 'denominator')::bigint
            FROM rules r
            WHERE r.kind = 'rate' AND r.subject = t.asset AND r.approved_at <= j.posted_at
              AND r.valid_from <= coalesce(pinned.occurred_at, j.occurred_at)
            ORDER BY r.valid_from DESC, r.version DESC LIMIT 1) AS value
    FROM transfers t
    JOIN accounts b ON b.id = t.to_account AND b.role = 'exchange'
    LEFT JOIN journals j ON j.id = t.journal_id AND j.month = t.month AND j.month = ANY (%(months)s)
    LEFT JOIN (SELECT r.id, h.occurred_at FROM redemptions r JOIN holds h ON h.id = r.hold_id) AS pinned
        ON pinned.id = j.subject
    LEFT JOIN lots l ON l.id = t.lot_id
    WHERE t.month = ANY (%(months)s) AND j.kind IS DISTINCT FROM 'exchange'),
given AS (
    SELECT t.id, t.journal_id, t.cause_id, t.asset, t.amount, l.parent_id, l.wallet_id, l.issuer, l.earned_at,
           l.available_at, l.expires_at
    FROM transfers t
    JOIN accounts a ON a.id = t.from_account AND a.role = 'exchange'
    LEFT JOIN journals j ON j.id = t.journal_id AND j.month = t.month AND j.month = ANY (%(months)s)
    LEFT JOIN lots l ON l.id = t.lot_id
    WHERE t.month = ANY (%(months)s) AND j.kind IS DISTINCT FROM 'exchange')
SELECT count(*), concat('transfer ' || min(id), ' for transfer ' || min(taken_id)), is_whole, value_fits,
       lineage_fits
FROM (
    SELECT g.id, k.id AS taken_id, g.id IS NOT NULL AND k.id IS NOT NULL AS is_whole,
           coalesce(g.asset = 'GRUP' AND g.amount = k.value, false) AS value_fits,
           coalesce((g.journal_id, g.parent_id, g.wallet_id, g.issuer, g.earned_at, g.available_at,
                     g.expires_at)
                    = (k.journal_id, k.lot_id, k.wallet_id, k.issuer, k.earned_at, k.available_at,
                       k.expires_at), false) AS lineage_fits
    FROM taken k FULL JOIN given g ON g.cause_id = k.id) AS seen
GROUP BY is_whole, value_fits, lineage_fits
"""


def lines(cursor: Cursor, scope: Scope) -> list[LineLook]:
    """Add up the scope's transfers by shape."""
    cursor.execute(_LINES, scope.parameters)
    return [LineLook(*row) for row in cursor.fetchall()]


def slices(cursor: Cursor, scope: Scope) -> list[SliceLook]:
    """Hold the scope's redeemed lines against its lines of money."""
    cursor.execute(_SLICES, scope.parameters)
    return [SliceLook(*row) for row in cursor.fetchall()]


def exchanges(cursor: Cursor, scope: Scope) -> list[ExchangeLook]:
    """Hold what went into the exchange account against what came out."""
    cursor.execute(_EXCHANGES, scope.parameters)
    return [ExchangeLook(*row) for row in cursor.fetchall()]
