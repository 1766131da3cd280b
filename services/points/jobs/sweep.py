"""Sweep out what is kept by age: answers after 30 days, nonces once expired; open and drop weekly partitions.

Refuses to touch natural names: receipts and redemptions are remembered for ever.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from psycopg2.extensions import connection as Connection

from shared.runtime.partitions import open_ahead

ANSWERS_KEPT = timedelta(days=30)
NONCES_KEPT = timedelta(minutes=10)
ROWS_AT_ONCE = 5_000
_ANSWERS = "DELETE FROM inbox WHERE name IN (SELECT name FROM inbox WHERE answered_at < %s LIMIT %s)"
_NONCES = "DELETE FROM nonces WHERE name IN (SELECT name FROM nonces WHERE expires_at < %s LIMIT %s)"


def sweep(connection: Connection, moment: datetime) -> Mapping[str, Any] | None:
    """Delete what is over at the moment, 5,000 rows a transaction; give what was done, or nothing."""
    done = {
        "answers": _deleted(connection, _ANSWERS, moment - ANSWERS_KEPT),
        "nonces": _deleted(connection, _NONCES, moment - NONCES_KEPT),
        "partitions": open_ahead(connection, moment),
    }
    return done if any(done.values()) else None


def _deleted(connection: Connection, statement: str, before: datetime) -> int:
    deleted = 0
    while True:
        # Short transactions: a desk that keeps an answer never waits for the broom.
        with connection, connection.cursor() as cursor:
            cursor.execute(statement, (before, ROWS_AT_ONCE))
            gone: int = cursor.rowcount
        deleted += gone
        if gone < ROWS_AT_ONCE:
            return deleted
