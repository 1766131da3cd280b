"""Sweeps out what is kept by age: codes, embedded messages, kept answers, numbers used once, old partitions.

Refuses to touch members, identities, sessions and the record of who read personal data.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from psycopg2.extensions import connection as Connection

from services.member.domain.code import DAY
from shared.runtime.partitions import open_ahead

CODES_KEPT = 2 * DAY
"""By then a phone's daily count of codes has begun anew as well."""

ANSWERS_KEPT = 30 * DAY
"""How long a repeat of a keyed request gets its first answer. Source: the house's rule for keys."""

NONCES_KEPT = timedelta(minutes=10)
ROWS_AT_ONCE = 5_000

_BROOMS: tuple[tuple[str, str, timedelta], ...] = (
    (
        "codes",
        "DELETE FROM challenges WHERE phone IN (SELECT phone FROM challenges WHERE sent_at < %s LIMIT %s)",
        CODES_KEPT,
    ),
    (
        "messages",
        "DELETE FROM messages WHERE id IN (SELECT id FROM messages WHERE sent_at < %s LIMIT %s)",
        CODES_KEPT,
    ),
    (
        "answers",
        "DELETE FROM inbox WHERE name IN (SELECT name FROM inbox WHERE answered_at < %s LIMIT %s)",
        ANSWERS_KEPT,
    ),
    (
        "nonces",
        "DELETE FROM nonces WHERE name IN (SELECT name FROM nonces WHERE expires_at < %s LIMIT %s)",
        NONCES_KEPT,
    ),
)


def sweep(connection: Connection, moment: datetime) -> Mapping[str, Any] | None:
    """Delete what is over at the moment, 5,000 rows a transaction; give what was done, or nothing."""
    done = {name: _deleted(connection, statement, moment - kept) for name, statement, kept in _BROOMS}
    done["partitions"] = open_ahead(connection, moment)
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
