"""The relay: everything that was committed leaves in the order of its key, at least once, at its pace."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import psycopg2
import pytest
from kafka.errors import MessageSizeTooLargeError

from shared.runtime import broker
from shared.runtime.metrics import OUTBOX_AGE_SECONDS, REGISTRY
from shared.runtime.relay import BY_INDEX, Relay, RelayPace
from shared.runtime.topics import PARTITIONS, topic_of
from tests import stack
from tests.service.runtime.frame_database import announce, framed
from tests.service.runtime.listening import first_heard, read_topic

KEYS = [f"till-{number}" for number in range(7)]


@pytest.fixture
def database() -> Iterator[stack.Database]:
    """Lend a database with an empty outbox."""
    with framed() as lent:
        yield lent


@pytest.fixture
def topic() -> str:
    """Make a topic of its own for a test."""
    name = topic_of(stack.topic_prefix(), "member")
    stack.add_topics([name], PARTITIONS)
    return name


def relay_of(database: stack.Database, topic: str, **more: Any) -> Relay:
    """Make a relay on that database's outbox; not started."""
    bootstrap = stack.kafka()
    more.setdefault("producing", lambda: broker.producer(bootstrap, "test-relay"))
    return Relay("member", topic, lambda: psycopg2.connect(database.url("relay")), **more)


def fill(database: stack.Database, rounds: int, begin: int = 1) -> None:
    """Commit that many events for every key, the keys taking turns."""
    with psycopg2.connect(database.url("desk")) as connection:
        for seq in range(begin, begin + rounds):
            for key in KEYS:
                announce(connection, key, seq)
    connection.close()


def until_empty(database: stack.Database, timeout_s: float = 20.0) -> None:
    """Wait until nothing is pending any more."""
    deadline = monotonic() + timeout_s
    while stack.rows(database.url("desk"), "SELECT count(*) FROM outbox") != [(0,)]:
        assert monotonic() < deadline, "the outbox does not drain"
        sleep(0.02)


def archived(database: stack.Database) -> int:
    """Count what was published."""
    return int(str(stack.rows(database.url("desk"), "SELECT count(*) FROM outbox_archive")[0][0]))


def in_order(rounds: int) -> dict[str, list[int]]:
    """Give what every key's story must read like."""
    return {key: list(range(1, rounds + 1)) for key in KEYS}


def test_events_leave_in_the_order_of_their_key_and_rest_in_the_archive(
    database: stack.Database, topic: str
) -> None:
    """Each exactly once where nothing fails, with all that a CloudEvent says."""
    relay = relay_of(database, topic)
    relay.start()
    fill(database, 60)
    relay.wake()
    until_empty(database)
    relay.stop()
    found = read_topic(stack.kafka(), topic, 420)
    assert len(found) == archived(database) == 420
    assert first_heard(found) == in_order(60)
    one = found[0]
    assert one.label.source == "/tongfen/member"
    assert one.label.key == one.key
    assert one.label.time.isoformat() == "2026-11-22T00:00:00+00:00"
    assert one.body == f'{{"client":"{one.key}"}}'.encode()


def test_a_relay_that_dies_between_acknowledgement_and_marking_only_repeats(
    database: stack.Database, topic: str
) -> None:
    """F4: the broker has the events, the database does not know; they are sent again, none is lost."""
    deaths = iter([True, True])

    def die(point: str) -> None:
        if point == "relay.sent" and next(deaths, False):
            raise RuntimeError("killed by the test")

    fill(database, 10)
    relay = relay_of(database, topic, reached=die)
    relay.start()
    until_empty(database)
    relay.stop()
    found = read_topic(stack.kafka(), topic, 70)
    assert len(found) == 210
    assert archived(database) == 70
    assert first_heard(found) == in_order(10)
    print("F4: died twice after the broker's word, 70 events in 210 records, every key in order")


def test_a_second_relay_stands_by_and_takes_over_when_the_lock_is_lost(
    database: stack.Database, topic: str
) -> None:
    """F5: the leader's connection is cut between its reading and its marking; both relays live on."""
    cut = threading.Event()

    def cut_once(point: str) -> None:
        if point == "relay.sent" and not cut.is_set():
            cut.set()
            stack.rows(
                database.superuser_url,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND usename = 'points_relay' AND pid IN"
                " (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted)",
            )

    pace = RelayPace(standby_s=0.02, backoff_s=0.2)
    first, second = (
        relay_of(database, topic, pace=pace, reached=cut_once),
        relay_of(database, topic, pace=pace),
    )
    first.start()
    while not first.leading:
        sleep(0.01)
    second.start()
    fill(database, 20)
    until_empty(database)
    fill(database, 20, begin=21)
    until_empty(database)
    assert cut.is_set()
    assert (first.leading, second.leading) == (False, True)
    first.stop()
    second.stop()
    found = read_topic(stack.kafka(), topic, 280)
    assert archived(database) == 280
    assert first_heard(found) == in_order(40)
    print(f"F5: the leader's lock was cut, 280 events in {len(found)} records, every key in order")


def test_who_leads_says_so_and_takes_it_back_in_the_end(database: stack.Database, topic: str) -> None:
    relay = relay_of(database, topic)
    relay.start()
    while not relay.leading:
        sleep(0.01)
    assert REGISTRY.get_sample_value("tongfen_relay_leading") == 1
    OUTBOX_AGE_SECONDS.set(90)
    relay.stop()
    assert REGISTRY.get_sample_value("tongfen_relay_leading") == 0
    assert REGISTRY.get_sample_value("tongfen_outbox_age_seconds") == 0


def test_a_relay_process_that_is_killed_with_acknowledged_events_only_repeats(
    database: stack.Database, topic: str
) -> None:
    """F4 with a real process: it ends by SIGKILL at the worst point; the next one sends what it had sent."""
    fill(database, 10)
    arguments = [stack.kafka(), topic, database.url("relay")]
    killed = subprocess.run(
        [sys.executable, "-m", "tests.service.runtime.relay_process", *arguments],
        cwd=Path(__file__).resolve().parents[3],
        timeout=60,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert archived(database) == 0
    relay = relay_of(database, topic, pace=RelayPace(standby_s=0.05))
    relay.start()
    until_empty(database)
    relay.stop()
    found = read_topic(stack.kafka(), topic, 70)
    assert len(found) == 140
    assert first_heard(found) == in_order(10)
    print("F4: killed after the broker's word, 70 events in 140 records, every key in order")


class Choosy:
    """A producer that does not take the events of one key for a while, as with one over 1 MB."""

    def __init__(self, bootstrap: str, key: bytes, refusing: threading.Event) -> None:
        self._inner = broker.producer(bootstrap, "test-choosy")
        self._key = key
        self._refusing = refusing

    def send(self, topic: str, *, value: bytes, key: bytes, headers: list[tuple[str, bytes]]) -> Any:
        """Send, or raise as kafka-python itself does."""
        if key == self._key and self._refusing.is_set():
            raise MessageSizeTooLargeError("too large")
        return self._inner.send(topic, value=value, key=key, headers=headers)

    def flush(self, timeout: float) -> None:
        """Flush."""
        self._inner.flush(timeout=timeout)

    def close(self, timeout: float) -> None:
        """Close."""
        self._inner.close(timeout=timeout)


def test_an_event_that_cannot_be_sent_stops_its_key_alone(database: stack.Database, topic: str) -> None:
    """Everyone else goes on; once it can be sent, its key follows in order."""
    refusing = threading.Event()
    refusing.set()
    relay = relay_of(
        database,
        topic,
        producing=lambda: Choosy(stack.kafka(), KEYS[3].encode(), refusing),
        pace=RelayPace(held_s=0.2, settled_s=0.1),
    )
    fill(database, 5)
    relay.start()
    assert len(read_topic(stack.kafka(), topic, 30)) == 30
    # Longer than settled_s: the floor must not rise above what is held back.
    deadline = monotonic() + 0.5
    while monotonic() < deadline:
        sleep(0.05)
    assert archived(database) == 30
    refusing.clear()
    until_empty(database)
    relay.stop()
    assert first_heard(read_topic(stack.kafka(), topic, 35)) == in_order(5)


def test_an_old_snapshot_does_not_slow_the_relay(database: stack.Database, topic: str) -> None:
    """F27: a backup keeps every dead row of the outbox; the relay reads above its floor, not over them."""
    backup = psycopg2.connect(database.url("desk"))
    backup.set_session(isolation_level="REPEATABLE READ")
    with backup.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM outbox")
    relay = relay_of(database, topic, pace=RelayPace(settled_s=0.3))
    relay.start()
    for round_ in range(3):
        fill(database, 200, begin=1 + round_ * 200)
        until_empty(database)
    deadline = monotonic() + 5
    while relay._floor.low <= 4000 and monotonic() < deadline:
        sleep(0.02)
    without, with_floor = _buffers(database, 0), _buffers(database, relay._floor.low)
    relay.stop()
    backup.close()
    assert first_heard(read_topic(stack.kafka(), topic, 4200)) == in_order(600)
    print(f"F27: below an old snapshot the relay reads {with_floor} pages, without its floor {without}")
    assert with_floor * 10 < without, f"{with_floor} pages with the floor, {without} without"


def _buffers(database: stack.Database, floor: int) -> int:
    """Count the pages that one look at the outbox touches, planned as the relay has it planned."""
    connection = psycopg2.connect(database.url("relay"))
    with connection.cursor() as cursor:
        cursor.execute(BY_INDEX)
        cursor.execute(
            "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)"
            " SELECT * FROM outbox WHERE id >= %s ORDER BY id LIMIT 1000",
            (floor,),
        )
        plan: Any = cursor.fetchone()[0]
    connection.close()
    return int(plan[0]["Plan"]["Shared Hit Blocks"]) + int(plan[0]["Plan"]["Shared Read Blocks"])


def test_a_late_row_below_ids_already_published_is_still_sent(database: stack.Database, topic: str) -> None:
    """A transaction draws its number early and commits late: ids become visible out of order."""
    relay = relay_of(database, topic)
    relay.start()
    slow = psycopg2.connect(database.url("desk"))
    announce(slow, "till-slow", 1)
    fill(database, 3)
    assert len(read_topic(stack.kafka(), topic, 21)) == 21
    slow.commit()
    slow.close()
    relay.wake()
    until_empty(database)
    relay.stop()
    assert {one.key for one in read_topic(stack.kafka(), topic, 22)} == {*KEYS, "till-slow"}
