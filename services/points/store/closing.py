"""The snapshot at a seal: what every lot and every account held, chained on the one before, with its digest.

The digest covers the snapshot before it, so a chain of months stands or falls together. Refuses to read
history: a snapshot is the previous one plus the month's own lines.
"""

from datetime import date

from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

_PREVIOUS = "SELECT max(month) FROM closings WHERE month < %s"

# What is on hold is still the member's, so it counts with the lot: only lines from or to the house change it.
# A lot may be below zero for a month: a late receipt is booked in the next one, what was spent of it in this.
_LOTS = """
INSERT INTO closing_lots (month, lot_id, points_left)
SELECT %(month)s, lot_id, sum(points)::bigint
FROM (SELECT lot_id, points_left AS points FROM closing_lots WHERE month = %(previous)s
      UNION ALL
      SELECT t.lot_id, ((b.id IS NULL)::int - (a.id IS NULL)::int) * t.amount
      FROM transfers t
      LEFT JOIN accounts a ON a.id = t.from_account
      LEFT JOIN accounts b ON b.id = t.to_account
      WHERE t.month = %(month)s AND t.lot_id IS NOT NULL) AS moved
GROUP BY lot_id HAVING sum(points) <> 0 ORDER BY lot_id
"""
_ACCOUNTS = """
INSERT INTO closing_accounts (month, account, asset, balance)
SELECT %(month)s, account, asset, sum(amount)::bigint
FROM (SELECT account, asset, balance AS amount FROM closing_accounts WHERE month = %(previous)s
      UNION ALL SELECT from_account, asset, -amount FROM transfers WHERE month = %(month)s
      UNION ALL SELECT to_account, asset, amount FROM transfers WHERE month = %(month)s) AS moved
GROUP BY account, asset HAVING sum(amount) <> 0 ORDER BY account, asset
"""
# In 256 parts by a random byte of the id: no text grows beyond what a value may hold.
DIGEST = """
SELECT sha256(coalesce((SELECT digest FROM closings WHERE month = %(previous)s), ''::bytea)
    || coalesce((SELECT string_agg(part, ''::bytea ORDER BY place) FROM (
        SELECT get_byte(uuid_send(lot_id), 12) AS place,
               sha256(convert_to(string_agg(lot_id || '|' || points_left, E'\\n'
                                            ORDER BY lot_id), 'UTF8')) AS part
        FROM closing_lots WHERE month = %(month)s GROUP BY 1) AS lots), ''::bytea)
    || coalesce((SELECT string_agg(part, ''::bytea ORDER BY place) FROM (
        SELECT account %% 256 AS place,
               sha256(convert_to(string_agg(account || '|' || asset || '|' || balance, E'\\n'
                                            ORDER BY account, asset), 'UTF8')) AS part
        FROM closing_accounts WHERE month = %(month)s GROUP BY 1) AS accounts), ''::bytea)
    || convert_to(%(rounding_cny)s::text, 'UTF8'))
"""


def find_previous(cursor: Cursor, month: date) -> date | None:
    """Give the month of the last snapshot before this month's."""
    cursor.execute(_PREVIOUS, (month,))
    previous: date | None = (cursor.fetchone() or (None,))[0]
    return previous


def find_digest(cursor: Cursor, month: date, previous: date | None, rounding_cny: int) -> bytes:
    """Compute the digest of a snapshot from its rows."""
    cursor.execute(DIGEST, {"month": month, "previous": previous, "rounding_cny": rounding_cny})
    return bytes(cursor.fetchone()[0])


def add_snapshot(connection: Connection, month: date, rounding_cny: int) -> bool:
    """Write the snapshot of a sealed month in one transaction; tell whether it was missing."""
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM closings WHERE month = %s", (month,))
        if cursor.fetchone() is not None:
            return False
        previous = find_previous(cursor, month)
        cursor.execute(_LOTS, {"month": month, "previous": previous})
        lots = cursor.rowcount
        cursor.execute(_ACCOUNTS, {"month": month, "previous": previous})
        accounts = cursor.rowcount
        digest = find_digest(cursor, month, previous, rounding_cny)
        cursor.execute(
            "INSERT INTO closings (month, previous, lots, accounts, rounding_cny, digest)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            (month, previous, lots, accounts, rounding_cny, digest),
        )
    return True
