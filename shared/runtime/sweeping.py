"""Sweeps out what is kept by age, a few thousand rows a transaction.

Refuses natural names, which stay, and errands that nobody could do, which people have still to look into.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg2.extensions import connection as Connection

from shared.runtime.partitions import open_ahead

ROWS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Broom:
    """What is over after how long: the statement takes a moment and how many rows at the most."""

    name: str
    statement: str
    kept: timedelta


FRAME_BROOMS = (
    Broom(
        "answers",
        "DELETE FROM inbox WHERE name IN (SELECT name FROM inbox WHERE answered_at < %s LIMIT %s)",
        timedelta(days=30),
    ),
    Broom(
        "nonces",
        "DELETE FROM nonces WHERE name IN (SELECT name FROM nonces WHERE expires_at < %s LIMIT %s)",
        timedelta(minutes=10),
    ),
    Broom(
        "errands",
        "DELETE FROM errands WHERE id IN (SELECT id FROM errands WHERE done_at < %s"
        " AND NOT starts_with(outcome, 'given up') LIMIT %s)",
        timedelta(days=30),
    ),
)
"""What every service sweeps: answers and done errands after 30 days, nonces ten minutes after they expired.
An errand under way has no such age, however old it is.
"""


def swept(
    connection: Connection, moment: datetime, brooms: Sequence[Broom] = FRAME_BROOMS
) -> Mapping[str, Any] | None:
    """Delete what is over at the moment and open the weeks ahead; give what was done, or nothing."""
    done = {broom.name: _deleted(connection, broom.statement, moment - broom.kept) for broom in brooms}
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
