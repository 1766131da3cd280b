"""The archive leaves again: in order, under the same ids, before anything new, whatever happens."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest

from shared.kernel.command import Key, fingerprint
from shared.kernel.refusal import KeyReused
from shared.runtime import broker, clock
from shared.runtime.relay import Relay, RelayPace
from shared.runtime.replays import OutboxReplay, OutboxReplays, ReplayUnderWay, first_id_of, moment_of
from shared.runtime.topics import PARTITIONS, topic_of
from tests import stack
from tests.service.runtime.frame_database import announce, framed
from tests.service.runtime.listening import Read, first_heard, read_topic
from tests.service.runtime.telling import until
from tests.service.runtime.test_relay import KEYS, Choosy, fill, in_order, until_empty

LONG_AGO = first_id_of(datetime(2020, 1, 1, tzinfo=UTC))
PACE = RelayPace(standby_s=0.02, backoff_s=0.02, rows=50, held_s=0.2)


@pytest.fixture
def database() -> Iterator[stack.Database]:
    """Lend a database with an empty outbox."""
    with framed() as lent:
        yield lent


@pytest.fixture
def topic() -> str:
    """Make a topic of its own for a test."""
    return fresh_topic()


def fresh_topic() -> str:
    """Make a topic that nobody has written to: what a broker has that lost its log."""
    name = topic_of(stack.topic_prefix(), "member")
    stack.add_topics([name], PARTITIONS)
    return name


def carrying(database: stack.Database, topic: str, **more: Any) -> Relay:
    """Start a relay on that database's outbox."""
    more.setdefault("producing", lambda: broker.producer(stack.kafka(), "test-relay"))
    relay = Relay("member", topic, lambda: psycopg2.connect(database.url("relay")), pace=PACE, **more)
    relay.start()
    return relay


def left(database: stack.Database, topic: str, rounds: int) -> None:
    """Let that many events of every key leave, and be archived."""
    relay = carrying(database, topic)
    fill(database, rounds)
    until_empty(database)
    relay.stop()


def replays(database: stack.Database) -> OutboxReplays:
    """Give the place where replays are asked for."""
    return OutboxReplays(lambda: psycopg2.connect(database.url("desk")))


def asked(database: stack.Database, since: str = LONG_AGO, key: str | None = None) -> OutboxReplay:
    """Ask for a replay."""
    id_ = clock.mint_id()
    return replays(database).ask(id_, Key("operator-1", key or id_, fingerprint(since)), since, "operator-1")


def ended(database: stack.Database, replay: OutboxReplay) -> OutboxReplay:
    """Wait for the end of a replay and give what it came to."""

    def over() -> OutboxReplay | None:
        found = replays(database).find(replay.id)
        return found if found is not None and found.ended_at else None

    until(over)
    found = over()
    assert found is not None
    return found


def ids_of(found: list[Read]) -> dict[tuple[str, int], set[str]]:
    """Give per key and version under which ids it was read."""
    ids: dict[tuple[str, int], set[str]] = {}
    for one in found:
        ids.setdefault((one.key, one.label.seq), set()).add(one.label.id)
    return ids


def test_an_empty_log_tells_every_story_again_in_order_under_the_same_ids(
    database: stack.Database, topic: str
) -> None:
    left(database, topic, 40)
    replay = asked(database)
    assert (replay.last_id - replay.first_id + 1, replay.ended_at) == (280, None)
    refilled = fresh_topic()
    relay = carrying(database, refilled)
    assert (ended(database, replay).sent, ended(database, replay).unsendable) == (280, 0)
    relay.stop()
    first, again = read_topic(stack.kafka(), topic, 280), read_topic(stack.kafka(), refilled, 280)
    assert len(again) == 280
    assert first_heard(again) == in_order(40)
    assert ids_of(again) == ids_of(first)
    assert stack.rows(database.url("desk"), "SELECT count(*) FROM outbox_archive") == [(280,)]


def test_new_events_wait_behind_the_replay(database: stack.Database, topic: str) -> None:
    """Announced before and while it goes on: nobody who begins with an empty log hears a later one first."""
    left(database, topic, 40)
    replay, refilled, going = asked(database), fresh_topic(), threading.Event()
    fill(database, 5, begin=41)
    relay = carrying(
        database, refilled, reached=lambda point: going.set() if point == "relay.replayed" else None
    )
    assert going.wait(10)
    fill(database, 5, begin=46)
    assert ended(database, replay).sent == 280
    until_empty(database)
    relay.stop()
    found = read_topic(stack.kafka(), refilled, 350)
    assert [len(found), first_heard(found)] == [350, in_order(50)]


def falling(times: int, point: str) -> Callable[[str], None]:
    """Fall over at a point, that many times."""
    deaths = iter(range(times))

    def reached(here: str) -> None:
        if here == point and next(deaths, None) is not None:
            raise RuntimeError("killed by the test")

    return reached


def test_a_relay_that_dies_in_a_replay_only_repeats(database: stack.Database, topic: str) -> None:
    """The broker has a page, the database does not know: the page is sent again, none is left out."""
    left(database, topic, 40)
    replay, refilled = asked(database), fresh_topic()
    relay = carrying(database, refilled, reached=falling(3, "relay.replayed"))
    assert ended(database, replay).sent == 280
    relay.stop()
    found = read_topic(stack.kafka(), refilled, 280)
    assert 280 < len(found) <= 280 + 3 * PACE.rows
    assert first_heard(found) == in_order(40)


def test_an_event_that_the_broker_takes_no_more_is_counted_and_holds_up_nobody(
    database: stack.Database, topic: str
) -> None:
    left(database, topic, 10)
    refusing = threading.Event()
    refusing.set()
    replay, refilled = asked(database), fresh_topic()
    relay = carrying(database, refilled, producing=lambda: Choosy(stack.kafka(), KEYS[3].encode(), refusing))
    came_to = ended(database, replay)
    relay.stop()
    assert (came_to.sent, came_to.unsendable) == (60, 10)
    told = {key: versions for key, versions in in_order(10).items() if key != KEYS[3]}
    assert first_heard(read_topic(stack.kafka(), refilled, 60)) == told


def test_since_an_event_means_that_event_and_whatever_was_committed_after_it(
    database: stack.Database, topic: str
) -> None:
    """Ids of events follow the clock of whoever asked, rows the order of commits: that order counts."""
    slow = psycopg2.connect(database.url("desk"))
    relay = carrying(database, topic)
    fill(database, 3)
    late = announce(slow, "till-slow", 1)
    fill(database, 3, begin=4)
    with psycopg2.connect(database.url("desk")) as connection:
        last = announce(connection, "till-last", 1)
    connection.close()
    until_empty(database)
    slow.commit()
    slow.close()
    until_empty(database)
    relay.stop()
    refilled = fresh_topic()
    replay = asked(database, since=late)
    assert replay.first_event == late
    relay = carrying(database, refilled)
    assert ended(database, replay).sent == 23
    relay.stop()
    found = read_topic(stack.kafka(), refilled, 23)
    assert {one.key for one in found} == {*KEYS, "till-slow", "till-last"}
    assert min(one.label.seq for one in found if one.key == KEYS[0]) == 4
    assert moment_of(last) >= moment_of(late)


def test_a_replay_is_asked_for_once_and_alone(database: stack.Database, topic: str) -> None:
    left(database, topic, 2)
    first = asked(database, key="once")
    assert asked(database, key="once") == first
    with pytest.raises(KeyReused):
        asked(database, since=first_id_of(clock.now()), key="once")
    with pytest.raises(ReplayUnderWay):
        asked(database)
    relay = carrying(database, topic)
    ended(database, first)
    assert ended(database, asked(database)).sent == 14
    relay.stop()


def test_where_nothing_left_since_then_a_replay_has_ended_already(
    database: stack.Database, topic: str
) -> None:
    left(database, topic, 2)
    replay = asked(database, since=first_id_of(clock.now() + timedelta(minutes=1)))
    assert (replay.first_event, replay.ended_at is not None) == (None, True)
