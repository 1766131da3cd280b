"""Evidence from balances: what lots, wallets and accounts hold, against the snapshot plus the lines since.

Refuses to judge, and to read lines older than the snapshot.
"""

from psycopg2.extensions import cursor as Cursor

from services.points.domain.looks import BalanceLook, LotLook, PaperLook, SumLook
from services.points.queries.scope import Scope
from services.points.store.closing import find_digest

_LOTS = """
WITH moved AS (
    SELECT lot_id, sum(points)::bigint AS points
    FROM (SELECT lot_id, points_left AS points FROM closing_lots WHERE month = %(previous)s
          UNION ALL
          SELECT t.lot_id, ((b.id IS NULL)::int - (a.id IS NULL)::int) * t.amount
          FROM transfers t
          LEFT JOIN accounts a ON a.id = t.from_account
          LEFT JOIN accounts b ON b.id = t.to_account
          WHERE t.month = ANY (%(months)s) AND t.lot_id IS NOT NULL) AS lines
    GROUP BY lot_id),
on_hold AS (SELECT lot_id, sum(points_left)::bigint AS points FROM hold_slices WHERE points_left > 0
            GROUP BY lot_id)
SELECT count(*), concat('lot ', min(id::text)), is_known, difference, open_fits, has_wallet
FROM (
    SELECT coalesce(l.id, m.lot_id, h.lot_id) AS id, l.id IS NOT NULL AS is_known,
           coalesce(l.points_left, 0) + coalesce(h.points, 0) - coalesce(m.points, 0) AS difference,
           coalesce(l.is_open = (l.points_left > 0), true) AS open_fits, w.id IS NOT NULL AS has_wallet
    FROM lots l
    FULL JOIN moved m ON m.lot_id = l.id
    FULL JOIN on_hold h ON h.lot_id = coalesce(l.id, m.lot_id)
    LEFT JOIN wallets w ON w.id = l.wallet_id
    WHERE l.points_left <> 0 OR l.is_open OR m.lot_id IS NOT NULL OR h.lot_id IS NOT NULL) AS seen
GROUP BY is_known, difference, open_fits, has_wallet, CASE WHEN difference <> 0 THEN id END
"""
_WALLETS = """
WITH booked AS (
    SELECT account, asset, sum(amount)::bigint AS amount
    FROM (SELECT account, asset, balance AS amount FROM closing_accounts WHERE month = %(previous)s
          UNION ALL SELECT from_account, asset, -amount FROM transfers WHERE month = ANY (%(months)s)
          UNION ALL SELECT to_account, asset, amount FROM transfers WHERE month = ANY (%(months)s)) AS lines
    WHERE account NOT IN (SELECT id FROM accounts) GROUP BY account, asset),
held AS (
    SELECT w.account, w.id, l.asset, sum(l.points_left)::bigint AS points
    FROM lots l JOIN wallets w ON w.id = l.wallet_id WHERE l.is_open GROUP BY w.account, w.id, l.asset
    UNION ALL
    SELECT -w.account, w.id, l.asset, sum(s.points_left)::bigint
    FROM hold_slices s JOIN lots l ON l.id = s.lot_id JOIN wallets w ON w.id = l.wallet_id
    WHERE s.points_left > 0 GROUP BY w.account, w.id, l.asset
    UNION ALL
    SELECT account, wallet_id, 'CNY', -fen * 100 FROM debts WHERE fen > 0)
SELECT count(*), min(coalesce(nullif(member_role(account), 'wallet') || ' of ', '')
                     || coalesce('wallet ' || h.id, 'account ' || account) || ' in ' || asset),
       coalesce(h.points, 0) - coalesce(b.amount, 0) AS difference
FROM booked b FULL JOIN held h USING (account, asset)
GROUP BY difference, CASE WHEN coalesce(h.points, 0) <> coalesce(b.amount, 0) THEN account END
"""
_SUMS = """
SELECT count(*), concat(asset, ' of ', accounts, ' accounts'), accounts, asset, sum(amount)::bigint
FROM (SELECT l.asset, l.amount,
             unnest(CASE WHEN a.role = 'clearing' THEN ARRAY['all', 'clearing'] ELSE ARRAY['all'] END)
                 AS accounts
      FROM (SELECT account, asset, balance AS amount FROM closing_accounts WHERE month = %(previous)s
            UNION ALL SELECT from_account, asset, -amount FROM transfers WHERE month = ANY (%(months)s)
            UNION ALL SELECT to_account, asset, amount FROM transfers WHERE month = ANY (%(months)s)) AS l
      LEFT JOIN accounts a ON a.id = l.account) AS booked
GROUP BY accounts, asset
"""
_SNAPSHOT_LOTS = """
SELECT count(*), concat('closing of lot ', min(lot_id::text)), difference
FROM (
    SELECT lot_id, sum(points)::bigint AS difference
    FROM (SELECT lot_id, points_left AS points FROM closing_lots WHERE month = %(month)s
          UNION ALL SELECT lot_id, -points_left FROM closing_lots WHERE month = %(previous)s
          UNION ALL
          SELECT t.lot_id, ((a.id IS NULL)::int - (b.id IS NULL)::int) * t.amount
          FROM transfers t
          LEFT JOIN accounts a ON a.id = t.from_account
          LEFT JOIN accounts b ON b.id = t.to_account
          WHERE t.month = ANY (%(months)s) AND t.lot_id IS NOT NULL) AS lines
    GROUP BY lot_id) AS seen
GROUP BY difference, CASE WHEN difference <> 0 THEN lot_id END
"""
# Twice the same balance: from the snapshot before plus the lines, and for wallets, what is on hold included,
# from this snapshot's lots.
_SNAPSHOT_ACCOUNTS = """
WITH kept AS (SELECT account, asset, balance FROM closing_accounts WHERE month = %(month)s),
lines AS (
    SELECT account, asset, sum(amount)::bigint AS amount
    FROM (SELECT account, asset, balance AS amount FROM closing_accounts WHERE month = %(previous)s
          UNION ALL SELECT from_account, asset, -amount FROM transfers WHERE month = ANY (%(months)s)
          UNION ALL SELECT to_account, asset, amount FROM transfers WHERE month = ANY (%(months)s)) AS l
    GROUP BY account, asset),
held AS (
    SELECT w.account, l.asset, sum(c.points_left)::bigint AS points
    FROM closing_lots c JOIN lots l ON l.id = c.lot_id JOIN wallets w ON w.id = l.wallet_id
    WHERE c.month = %(month)s GROUP BY w.account, l.asset)
SELECT count(*), concat('closing of account ', min(account), ' in ', min(asset)), difference
FROM (
    SELECT account, asset, coalesce(k.balance, 0) - coalesce(l.amount, 0) AS difference
    FROM kept k FULL JOIN lines l USING (account, asset)
    UNION ALL
    SELECT account, asset, coalesce(k.balance, 0) - coalesce(h.points, 0)
    FROM (SELECT abs(account) AS account, asset, sum(balance)::bigint AS balance FROM kept
          WHERE account NOT IN (SELECT id FROM accounts) AND member_role(account) <> 'debt'
          GROUP BY abs(account), asset) k
    FULL JOIN held h USING (account, asset)) AS seen
GROUP BY difference, CASE WHEN difference <> 0 THEN account END
"""
_CLOSING = """
SELECT previous, rounding_cny, digest, lots, accounts,
       (SELECT count(*) FROM closing_lots l WHERE l.month = c.month),
       (SELECT count(*) FROM closing_accounts a WHERE a.month = c.month)
FROM closings c WHERE c.month = %s
"""


def lots(cursor: Cursor, scope: Scope) -> list[LotLook]:
    """Hold the lots as they stand against the snapshot and the lines since."""
    cursor.execute(_LOTS, scope.parameters)
    return [LotLook(*row) for row in cursor.fetchall()]


def wallets(cursor: Cursor, scope: Scope) -> list[BalanceLook]:
    """Hold wallets' balances against their lots, account by account."""
    cursor.execute(_WALLETS, scope.parameters)
    return [BalanceLook(*row) for row in cursor.fetchall()]


def sums(cursor: Cursor, scope: Scope) -> list[SumLook]:
    """Add up each asset over all accounts, and over clearing."""
    cursor.execute(_SUMS, scope.parameters)
    return [SumLook(*row) for row in cursor.fetchall()]


def snapshot_lots(cursor: Cursor, scope: Scope) -> list[BalanceLook]:
    """Hold the lots of a month's snapshot against the one before and the month's lines."""
    cursor.execute(_SNAPSHOT_LOTS, scope.parameters)
    return [BalanceLook(*row) for row in cursor.fetchall()]


def snapshot_accounts(cursor: Cursor, scope: Scope) -> list[BalanceLook]:
    """Hold the accounts of a month's snapshot against the one before, the month's lines, and its own lots."""
    cursor.execute(_SNAPSHOT_ACCOUNTS, scope.parameters)
    return [BalanceLook(*row) for row in cursor.fetchall()]


def digests(cursor: Cursor, scope: Scope) -> list[PaperLook]:
    """Count the snapshot in which the scope ends, or from which it begins, and compute its digest."""
    month = scope.ends_in or scope.previous
    if month is None:
        return []
    cursor.execute(_CLOSING, (month,))
    previous, rounding_cny, digest, lots, accounts, *found = cursor.fetchone()
    told = ""
    if find_digest(cursor, month, previous, rounding_cny) != bytes(digest):
        told = "its rows are not those of its digest"
    elif [lots, accounts] != found:
        told = f"it says {lots} lots and {accounts} accounts, and has {found[0]} and {found[1]}"
    return [PaperLook(sum(found), f"snapshot of {month:%Y-%m}", told)]
