"""Consumers: every event takes effect once and in the order of its key, whoever dies, repeats or lies."""

import itertools
import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from kafka import KafkaProducer
from structlog.testing import capture_logs

from shared.runtime import broker
from shared.runtime.consumer import Consumer, ConsumerPace
from shared.runtime.metrics import REGISTRY
from shared.runtime.parked import Parked
from shared.runtime.topics import PARTITIONS, topic_of
from tests import stack
from tests.service.runtime.counting import TABLE, Counting, Stall
from tests.service.runtime.frame_database import framed
from tests.service.runtime.telling import REVOKED, Told, until

PACE = ConsumerPace(poll_s=0.05, backoff_s=0.05)
REBALANCE_S, REBALANCE_EVERY_S = float(os.environ.get("TONGFEN_FAULTS_REBALANCE_S", "0")), 3.0
"""For how long readers join and leave every 3 s; 0: four, as fast as they come. `make faults` says 300."""

_groups = itertools.count(1)


@pytest.fixture(scope="module")
def producer() -> Iterator[KafkaProducer]:
    """Lend a producer that writes whatever a test wants to see on a topic."""
    lent = broker.producer(stack.kafka(), "test")
    yield lent
    lent.close(timeout=1)


@pytest.fixture
def counting() -> Iterator[Counting]:
    """Lend a counting service on a database of its own."""
    with framed() as database:
        owner = psycopg2.connect(database.url("owner"))
        with owner, owner.cursor() as cursor:
            cursor.execute(TABLE)
        owner.close()
        service = Counting(database)
        yield service
        service.desk.stop()


@pytest.fixture
def topic() -> str:
    """Make a topic of its own for a test."""
    name = topic_of(stack.topic_prefix(), "member")
    stack.add_topics([name], PARTITIONS)
    return name


@pytest.fixture
def told(producer: KafkaProducer, topic: str) -> Told:
    """Lend a pen for the topic."""
    return Told(producer, topic)


def listen(counting: Counting, topic: str, group: str | None = None, **more: Any) -> Consumer:
    """Start a consumer of the counting service."""
    url = counting.database.url("desk")
    consumer = Consumer(
        stack.kafka(),
        group or f"{topic}.{next(_groups)}",
        [topic],
        counting.listeners,
        more.pop("desk", counting.desk),
        Parked(lambda: psycopg2.connect(url)),
        more.pop("pace", PACE),
        **more,
    )
    consumer.start()
    return consumer


def test_every_event_takes_effect_once_and_in_order(counting: Counting, told: Told) -> None:
    """Sent twice, heard by two readers in turn, counted once."""
    for _ in range(2):
        for seq in range(1, 31):
            for number in range(10):
                told.tell(f"c{number}", seq, id=told.ids.get((f"c{number}", seq)))
    told.flush()
    consumer = listen(counting, told.topic)
    expected = {f"c{number}": list(range(1, 31)) for number in range(10)}
    until(lambda: counting.effects() == expected)
    # Whoever lost their offsets hears all of it again.
    again = listen(counting, told.topic)
    told.tell("c0", 31)
    told.flush()
    until(lambda: counting.heard("c0") == 31)
    consumer.stop()
    again.stop()
    assert counting.effects() == {**expected, "c0": list(range(1, 32))}
    assert counting.parked_causes() == []


def test_a_consumer_that_dies_before_its_offsets_doubles_nothing(counting: Counting, told: Told) -> None:
    """F8: the desk has committed, the offsets have not."""
    deaths = iter([True, True])

    def die(point: str) -> None:
        if next(deaths, False):
            raise RuntimeError("killed by the test")

    for seq in range(1, 21):
        told.tell("a", seq)
        told.tell("b", seq)
    told.flush()
    consumer = listen(counting, told.topic, reached=die)
    until(lambda: next(deaths, None) is None and counting.heard("b") == 20)
    told.tell("a", 21)
    told.flush()
    until(lambda: counting.heard("a") == 21)
    consumer.stop()
    assert counting.effects() == {"a": list(range(1, 22)), "b": list(range(1, 21))}
    print("F8: died twice before its offsets, 41 events took effect once")


def tell_trouble(told: Told, counting: Counting) -> None:
    """Write one story that is fine and four that stop: at a gap, at poison, at a refusal, at a defect."""
    for key in ("fine", "gap", "poison", "refused", "defect"):
        told.tell(key, 1)
    counting.refused.add("refused")
    counting.broken.add("defect")
    told.tell("gap", 3)
    told.tell("poison", 2, body=b"{")
    for seq in (2, 3, 4):
        for key in ("fine", "refused", "defect"):
            told.tell(key, seq)
    told.tell("poison", 3)
    told.tell("gap", 4)
    told.flush()


def test_poison_and_gaps_park_their_key_alone(counting: Counting, told: Told) -> None:
    """F11: everyone else goes on; nothing of a parked key overtakes what is parked, not in a later poll."""
    tell_trouble(told, counting)
    consumer = listen(counting, told.topic)
    until(lambda: counting.heard("fine") == 4 and len(counting.parked_causes()) == 12)
    assert counting.effects() == {"fine": [1, 2, 3, 4], "gap": [1], "poison": [1]}
    assert counting.parked_causes() == [
        ("defect", "defect"),
        *[("defect", "behind")] * 3,
        ("gap", "event-gap"),
        ("gap", "behind"),
        ("poison", "poison"),
        ("poison", "behind"),
        ("refused", "test-unwanted"),
        *[("refused", "behind")] * 3,
    ]
    counting.refused.clear()
    told.tell("refused", 5)
    told.flush()
    until(lambda: len(counting.parked_causes()) == 13)
    consumer.stop()
    assert counting.effects() == {"fine": [1, 2, 3, 4], "gap": [1], "poison": [1]}


def test_a_replay_heals_in_order_what_can_be_healed(counting: Counting, told: Told) -> None:
    """F11: by key, by id, or all; what still stops is named, and a healed key is heard again at once."""
    tell_trouble(told, counting)
    consumer = listen(counting, told.topic)
    until(lambda: counting.heard("fine") == 4 and len(counting.parked_causes()) == 12)
    still = consumer.parked.replay(consumer.hearing, counting.desk)
    assert still.healed == 0
    assert {key for _, key in still.stopped} == {"defect", "gap", "poison", "refused"}
    counting.refused.clear()
    counting.broken.clear()
    assert consumer.parked.replay(consumer.hearing, counting.desk, key="refused").healed == 4
    one = consumer.parked.listed(key="defect")[0].id
    assert consumer.parked.replay(consumer.hearing, counting.desk, ids=[one]).healed == 4
    for key in ("refused", "defect"):
        told.tell(key, 5)
    told.flush()
    until(lambda: counting.heard("refused") == 5 and counting.heard("defect") == 5)
    consumer.stop()
    effects = counting.effects()
    assert effects["refused"] == effects["defect"] == [1, 2, 3, 4, 5]
    assert consumer.parked.count() == 4
    print("F11: 5 keys told, 4 parked with 12 events, 8 healed by replays, 4 wait behind a gap and poison")


def test_a_gap_is_closed_by_the_missing_event_and_a_replay(counting: Counting, told: Told) -> None:
    """The missing event comes late, behind the parked; replayed in order of versions it heals everything."""
    told.tell("k", 1)
    told.tell("k", 3)
    told.flush()
    consumer = listen(counting, told.topic)
    until(lambda: counting.parked_causes() == [("k", "event-gap")])
    told.tell("k", 2)
    told.flush()
    until(lambda: len(counting.parked_causes()) == 2)
    healed = consumer.parked.replay(consumer.hearing, counting.desk)
    consumer.stop()
    assert (healed.healed, healed.stopped) == (2, {})
    assert counting.effects() == {"k": [1, 2, 3]}


def test_a_forged_source_is_dropped_and_a_fork_is_parked_and_both_are_alarmed(
    counting: Counting, told: Told
) -> None:
    """F28: an event on another's topic has no effect and blocks nobody; a second story is parked."""

    def measured(outcome: str) -> float | None:
        labels = {"topic": told.topic, "outcome": outcome}
        return REGISTRY.get_sample_value("tongfen_events_heard_total", labels)

    told.tell("k", 1)
    told.tell("k", 2, service="points")
    forged = told.ids["k", 2]
    told.tell("k", 2)
    told.tell("other", 1)
    told.tell("k", 2)
    told.flush()
    with capture_logs() as lines:
        consumer = listen(counting, told.topic)
        assert None not in (measured("foreign"), measured("fork")), "an alert asks how it grew"
        until(lambda: counting.heard("other") == 1 and counting.parked_causes() == [("k", "event-fork")])
        consumer.stop()
    assert counting.effects() == {"k": [1, 2], "other": [1]}
    alarms = [line for line in lines if line["event"].startswith("alarm.")]
    alarmed = [(line["event"], line["log_level"], line["topic"], line["key"]) for line in alarms]
    assert alarmed == [
        ("alarm.foreign_source", "error", told.topic, "k"),
        ("alarm.fork", "error", told.topic, "k"),
    ]
    assert [line["event_id"] for line in alarms] == [
        f"evt_{id_.replace('-', '')}" for id_ in (forged, told.ids["k", 2])
    ]
    assert alarms[0]["cause"] == "/tongfen/points wrote on the topic of /tongfen/member"
    assert (measured("foreign"), measured("parked"), measured("fork"), measured("obeyed")) == (1, 1, 1, 3)
    assert REGISTRY.get_sample_value("tongfen_parked_events", {"topic": told.topic}) == 1
    print("F28: 1 forged event dropped, 1 fork parked, both alarmed, 3 took effect")


def test_a_fork_set_aside_by_a_person_frees_its_key(counting: Counting, told: Told) -> None:
    """Who dismisses a parked event is written down with it; the story goes on after it."""
    for seq in (1, 2):
        told.tell("k", seq)
    told.tell("k", 2)
    told.tell("k", 3)
    told.tell("p", 1)
    told.tell("p", 2, body=b"[]")
    told.tell("p", 3)
    told.flush()
    consumer = listen(counting, told.topic)
    until(lambda: len(counting.parked_causes()) == 4)
    for parked in consumer.parked.listed():
        if not parked.cause.startswith("behind"):
            consumer.parked.dismiss(parked.id, counting.desk, "operator-1")
    healed = consumer.parked.replay(consumer.hearing, counting.desk)
    consumer.stop()
    assert (healed.healed, healed.stopped) == (2, {})
    assert counting.effects() == {"k": [1, 2, 3], "p": [1, 3]}
    causes = stack.rows(counting.database.url("desk"), "SELECT cause FROM parked ORDER BY key, position")
    assert [str(cause[0]).endswith(" (dismissed by operator-1)") for cause in causes] == [True, False] * 2


def test_a_type_without_listener_is_noted_so_that_the_next_is_no_gap(counting: Counting, told: Told) -> None:
    """Types we know and types of tomorrow alike."""
    told.tell("k", 1)
    told.tell("k", 2, type="member.member.registered", body=b"{}")
    told.tell("k", 3, type="member.client.renamed", body=b"not for us")
    told.tell("k", 4)
    told.flush()
    consumer = listen(counting, told.topic)
    until(lambda: counting.heard("k") == 4)
    consumer.stop()
    assert counting.effects() == {"k": [1, 4]}


def test_the_trace_goes_on_into_the_command(counting: Counting, told: Told) -> None:
    """From the record's header into Asked."""
    traces: list[str | None] = []
    inner = counting.on_client_revoked

    def on_client_revoked(event: Any, asked: Any) -> Any:
        traces.append(asked.traceparent)
        return inner(event, asked)

    counting.listeners[REVOKED] = on_client_revoked
    told.tell("k", 1, trace="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    told.flush()
    consumer = listen(counting, told.topic)
    until(lambda: counting.heard("k") == 1)
    consumer.stop()
    assert traces == ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"]


@pytest.mark.timeout(REBALANCE_S + 120)
def test_rebalances_keep_order_and_double_nothing(counting: Counting, told: Told) -> None:
    """F9: readers join and leave while events flow; each reader has a desk of its own, as a process would."""
    stop_telling = threading.Event()

    def tell() -> None:
        for seq in itertools.count(1):
            for number in range(12):
                told.tell(f"c{number}", seq)
            told.flush()
            if stop_telling.wait(0.02):
                told.ids["last", 0] = str(seq)
                return

    teller = threading.Thread(target=tell)
    group = f"{told.topic}.churn"
    desks = [counting.desk, counting.make_desk(), counting.make_desk()]
    readers = [listen(counting, told.topic, group)]
    teller.start()
    until_s = time.monotonic() + REBALANCE_S
    turns = itertools.takewhile(lambda turn: turn < 5 or time.monotonic() < until_s, itertools.count(1))
    for turn in turns:
        seen, joined = sum(map(len, counting.effects().values())), time.monotonic()
        readers.append(listen(counting, told.topic, group, desk=desks[turn % 3]))
        until(lambda seen=seen: sum(map(len, counting.effects().values())) > seen + 60)  # type: ignore[misc]
        while REBALANCE_S and time.monotonic() < joined + REBALANCE_EVERY_S:
            time.sleep(0.05)
        readers.pop(0).stop()
    stop_telling.set()
    teller.join()
    last = int(told.ids["last", 0])
    expected = {f"c{number}": list(range(1, last + 1)) for number in range(12)}
    until(lambda: all(counting.heard(key) == last for key in expected))
    for reader in readers:
        reader.stop()
    for desk in desks[1:]:
        desk.stop()
    assert counting.effects() == expected
    assert counting.parked_causes() == []
    print(f"F9: {turn} readers joined and left, {12 * last} events once and in order, none parked")


def test_a_turn_slower_than_the_poll_interval_doubles_nothing(counting: Counting, told: Told) -> None:
    """F10: the group goes on without the slow one; what it obeyed meanwhile is dropped as repeated."""
    stall = Stall()
    counting.stall = stall
    group = f"{told.topic}.slow"
    settings = {"max_poll_interval_ms": 1_500, "session_timeout_ms": 6_000, "heartbeat_interval_ms": 300}
    for seq in range(1, 6):
        told.tell("k", seq)
    told.flush()
    slow = listen(counting, told.topic, group, settings=settings)
    until(stall.reached.is_set)
    quick = listen(counting, told.topic, group, settings=settings)
    until(lambda: counting.heard("k") == 5)
    stall.go_on.set()
    told.tell("k", 6)
    told.flush()
    until(lambda: counting.heard("k") == 6)
    slow.stop()
    quick.stop()
    assert counting.effects() == {"k": [1, 2, 3, 4, 5, 6]}
    assert counting.parked_causes() == []
    print("F10: a turn longer than the poll interval, 6 events took effect once")


def test_one_consumer_too_many_begins_anew_ever_more_rarely_and_harms_nobody(
    counting: Counting, producer: KafkaProducer
) -> None:
    narrow = topic_of(f"{stack.topic_prefix()}narrow{next(_groups)}.", "member")
    stack.add_topics([narrow], 1)
    told, group = Told(producer, narrow), f"{narrow}.group"
    pace = ConsumerPace(poll_s=0.05, backoff_s=0.05, lag_s=0.1, stalled_s=0.4)
    readers = [listen(counting, narrow, group, pace=pace) for _ in range(2)]
    waits: set[float] = set()
    for seq in range(1, 61):
        told.tell("c", seq)
        told.flush()
        until(lambda wanted=seq: counting.heard("c") == wanted)  # type: ignore[misc]
        waits.update(reader._ear._unassigned_s for reader in readers if reader._ear is not None)
        time.sleep(0.05)  # stands for the time between two events
    for reader in readers:
        reader.stop()
    assert counting.effects() == {"c": list(range(1, 61))}
    assert {0.4, 0.8} <= waits, "the one without a partition has begun anew, and waits longer then"
    print(f"waits without a partition: {sorted(waits)} s")


def test_a_stuck_reader_is_replaced_by_the_watchdog(counting: Counting, told: Told) -> None:
    """A thread that hangs for ever is left behind; a fresh one hears on."""
    stall = Stall()
    counting.stall = stall
    settings = {"max_poll_interval_ms": 1_500, "session_timeout_ms": 6_000, "heartbeat_interval_ms": 300}
    told.tell("k", 1)
    told.flush()
    consumer = listen(
        counting, told.topic, pace=ConsumerPace(poll_s=0.05, backoff_s=0.05, silent_s=0.6), settings=settings
    )
    until(lambda: counting.heard("k") == 1)
    assert consumer.rebuilt >= 1
    stall.go_on.set()
    consumer.stop()
    assert counting.effects() == {"k": [1]}
