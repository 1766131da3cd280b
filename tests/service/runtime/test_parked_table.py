"""Parked events that were healed stay for ever; who looks for those that are not reads these alone."""

from collections.abc import Iterator
from functools import partial

import psycopg2
import pytest

from shared.runtime.metrics import PARKED
from shared.runtime.parked import Parked
from tests import stack

HEALED, OPEN = 20_000, 3

_CROWD = f"""
INSERT INTO parked (topic, partition, position, event_id, key, headers, body, cause, healed_at)
SELECT 'told', 0, n, 'evt_' || n, 'key ' || n % 7, '[]', '', 'poison: crowd',
       CASE WHEN n > {OPEN} THEN clock_timestamp() END
FROM generate_series(1, {HEALED + OPEN}) AS n;
ANALYZE parked;
"""
_HANDED_OUT = """
SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables, pg_stat_force_next_flush()
WHERE relname = 'parked'
"""


@pytest.fixture
def database() -> Iterator[stack.Database]:
    """Lend a database in which much was parked once, and little is."""
    with stack.database_per_module("points") as found:
        stack.rows(found.superuser_url, _CROWD)
        yield found


def test_what_was_healed_is_not_read_again(database: stack.Database) -> None:
    parked = Parked(partial(psycopg2.connect, database.url("desk")))
    flushed = "SELECT pg_stat_force_next_flush()"
    try:
        for look in (parked.count, parked.measure, parked.listed, partial(parked.listed, key="key 1")):
            parked._rows(flushed, ())
            ((before,),) = stack.rows(database.superuser_url, _HANDED_OUT)
            look()
            parked._rows(flushed, ())
            ((after,),) = stack.rows(database.superuser_url, _HANDED_OUT)
            assert int(str(after)) - int(str(before)) <= 2 * OPEN, look
        assert (parked.count(), len(parked.listed()), len(parked.listed(key="key 1"))) == (OPEN, OPEN, 1)
    finally:
        parked.close()


def test_the_measure_of_a_topic_falls_to_nothing(database: stack.Database) -> None:
    parked = Parked(partial(psycopg2.connect, database.url("desk")))
    try:
        parked.measure()
        assert PARKED.labels("told")._value.get() == OPEN
        stack.rows(database.superuser_url, "UPDATE parked SET healed_at = clock_timestamp()")
        parked.measure()
        assert PARKED.labels("told")._value.get() == 0
    finally:
        parked.close()
