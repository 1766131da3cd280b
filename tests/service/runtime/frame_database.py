"""A database with nothing but the frame: what relay, consumers, parked events and errands stand on.

Tests of the machinery need no service's tables; a small counting service stands in for one.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg2
from psycopg2.extensions import connection as Connection

from shared.runtime import clock, partitions
from shared.runtime.frame import FRAME_1, FRAME_DESK_1, FRAME_ERRANDS_1, FRAME_LANES_1
from shared.runtime.partitions import FRAME_PARTITIONS_1
from shared.runtime.replays import FRAME_REPLAYS_1
from tests import stack

GRANTS = """
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO points_desk;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO points_desk;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO points_desk;
GRANT SELECT, INSERT, DELETE ON outbox, outbox_archive TO points_relay;
GRANT SELECT, UPDATE (next_id, sent, unsendable, ended_at) ON outbox_replays TO points_relay;
"""
_ids = itertools.count(1)


@contextmanager
def framed() -> Iterator[stack.Database]:
    """Lend a database that has the frame, its partitions, and what desk and relay may do."""
    database = stack.postgres().fresh_database("points", migrated=False)
    try:
        owner = psycopg2.connect(database.url("owner"))
        with owner, owner.cursor() as cursor:
            cursor.execute(
                FRAME_1
                + FRAME_DESK_1
                + FRAME_PARTITIONS_1
                + FRAME_REPLAYS_1
                + FRAME_ERRANDS_1
                + FRAME_LANES_1
                + GRANTS
            )
        partitions.open_ahead(owner, clock.now())
        owner.close()
        yield database
    finally:
        database.drop()


def announce(connection: Connection, key: str, seq: int, *, type: str = "member.client.revoked") -> str:
    """Write one pending event into the outbox, not committed; give its id."""
    event_id = clock.mint_id()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO outbox (event_id, type, key, seq, occurred_at, data, traceparent)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (event_id, type, key, seq, datetime(2026, 11, 22, tzinfo=UTC), f'{{"client":"{key}"}}', None),
        )
    return event_id
