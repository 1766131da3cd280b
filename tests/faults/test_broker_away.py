"""F6: the broker is killed and comes back; relay, consumer and doors go on, then all drains in order.

`TONGFEN_FAULTS_AWAY_S` says for how long it is away under the doors (`make faults`: 600 s).
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import structlog
from structlog.testing import capture_logs

from infra.embedded.kafka import Kafka, Setup
from infra.embedded.ports import free_port
from infra.embedded.settings import StackSettings
from infra.embedded.topics import add_missing
from shared.runtime import broker, metrics
from shared.runtime.consumer import Consumer, ConsumerPace
from shared.runtime.parked import Parked
from shared.runtime.relay import Relay
from shared.runtime.topics import PARTITIONS, topic_of
from tests import stack
from tests.faults.points_process import PointsHouse, receipt
from tests.service.runtime.counting import TABLE, Counting
from tests.service.runtime.frame_database import announce, framed
from tests.service.runtime.listening import first_heard, read_topic
from tests.service.runtime.telling import until

KEYS = [f"till-{number}" for number in range(5)]
AWAY_S = float(os.environ.get("TONGFEN_FAULTS_AWAY_S", "2"))
pytestmark = pytest.mark.timeout(AWAY_S + 400)


@pytest.fixture(scope="module")
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """Lend a broker that the tests may kill, as long as they bring it back."""
    place = tmp_path_factory.mktemp("broker")
    lent = Kafka(Setup(place, StackSettings().jar_cache, free_port(), free_port(), Path(os.devnull)))
    lent.prepare()
    lent.start()
    yield lent
    lent.child.kill()


@pytest.fixture
def database() -> Iterator[stack.Database]:
    """Lend a database that announces to itself: its outbox feeds its own consumer."""
    with framed() as lent:
        owner = psycopg2.connect(lent.url("owner"))
        with owner, owner.cursor() as cursor:
            cursor.execute(TABLE)
        owner.close()
        yield lent


def fill(database: stack.Database, begin: int, end: int) -> None:
    """Commit the versions [begin, end) of every key."""
    connection = psycopg2.connect(database.url("desk"))
    with connection:
        for seq in range(begin, end):
            for key in KEYS:
                announce(connection, key, seq)
    connection.close()


def test_all_drains_in_order_after_the_broker_was_away(own_broker: Kafka, database: stack.Database) -> None:
    """One line when it goes, one when it is back, no traceback; while it is away its age can be seen."""
    topic = topic_of("", "member")
    add_missing(own_broker.bootstrap, [topic], PARTITIONS)
    counting = Counting(database)
    relay = Relay(
        "member",
        topic,
        lambda: psycopg2.connect(database.url("relay")),
        lambda: broker.producer(own_broker.bootstrap, "relay"),
    )
    consumer = Consumer(
        own_broker.bootstrap,
        "away",
        [topic],
        counting.listeners,
        counting.desk,
        Parked(lambda: psycopg2.connect(database.url("desk"))),
        ConsumerPace(poll_s=0.05, backoff_s=0.05, backoff_max_s=0.5, lag_s=0.2),
    )
    with capture_logs() as lines:
        structlog.get_logger().info("captured")
        relay.start()
        consumer.start()
        fill(database, 1, 11)
        until(lambda: counting.effects() == {key: list(range(1, 11)) for key in KEYS})
        own_broker.child.kill()
        fill(database, 11, 41)
        until(lambda: any(line["event"] == "relay.away" for line in lines), 40)
        until(lambda: _age() > 0)
        assert len(stack.rows(database.url("desk"), "SELECT id FROM outbox")) == 150
        own_broker.start()
        expected = {key: list(range(1, 41)) for key in KEYS}
        until(lambda: all(counting.heard(key) == 40 for key in KEYS), 40)
        until(lambda: any(line["event"] == "relay.back" for line in lines))
        relay.stop()
        consumer.stop()
    counting.desk.stop()
    assert counting.effects() == expected
    assert stack.rows(database.url("desk"), "SELECT id FROM outbox") == []
    assert stack.rows(database.url("desk"), "SELECT id FROM parked") == []
    assert sum(line["event"] == "relay.away" for line in lines) == 1
    assert not [line for line in lines if "exc_info" in line]
    print(f"F6: 150 events waited, {sum(map(len, expected.values()))} took effect once and in order")


def test_the_doors_stay_open_and_ready_while_the_broker_is_away(
    own_broker: Kafka, house: PointsHouse
) -> None:
    add_missing(own_broker.bootstrap, [house.topic, topic_of(house.prefix, "member")], PARTITIONS)
    said: Counter[int] = Counter()
    ready: Counter[bool] = Counter()
    with house.process("both", kafka_bootstrap=own_broker.bootstrap) as process:
        own_broker.child.kill()
        until_s = time.monotonic() + AWAY_S
        while time.monotonic() < until_s:
            number = sum(said.values())
            answer = process.caller.post("/points/v1/receipts", receipt(f"away-{number % 8}", f"a-{number}"))
            said[answer.status_code] += 1
            ready[process.ready()] += 1
            time.sleep(0.01)
        waiting = house.ledger.rows("SELECT count(*) FROM outbox")[0][0]
        own_broker.start()
        began = time.monotonic()
        until(lambda: house.ledger.rows("SELECT count(*) FROM outbox") == [(0,)], 60)
        drained_s = time.monotonic() - began
    archived = int(house.ledger.rows("SELECT count(*) FROM outbox_archive")[0][0])
    stories = first_heard(read_topic(own_broker.bootstrap, house.topic, archived))
    print(
        f"F6: away for {AWAY_S:.0f} s: receipts {dict(said)}, ready {dict(ready)}; {waiting} events waited,"
        f" gone {drained_s:.1f} s after it was back, every key in order"
    )
    assert set(said) == {201}
    assert set(ready) == {True}
    assert waiting >= said[201]
    assert all(versions == sorted(versions) for versions in stories.values())


def _age() -> float:
    return metrics.REGISTRY.get_sample_value("tongfen_outbox_age_seconds") or 0.0
