"""F7: the broker's log is gone, with events that nobody had heard; the archive fills it, and all is known.

The group is this module's own, because its broker loses its disk.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from kafka.admin import KafkaAdminClient

from infra.embedded.kafka import Kafka
from infra.embedded.settings import CHECKOUT
from infra.embedded.stack import Stack
from infra.embedded.topics import add_missing
from shared.runtime import broker
from shared.runtime.clock import now
from shared.runtime.consumer import Consumer, ConsumerPace
from shared.runtime.parked import Parked
from shared.runtime.topics import PARTITIONS, topic_of
from tests import stack as tests_stack
from tests.faults.projections import digest, facts
from tests.journeys.caller import fresh_key
from tests.journeys.group import Group, own_group, until
from tests.service.runtime.counting import TABLE, Counting
from tests.service.runtime.frame_database import framed
from tests.service.runtime.telling import Told

TONGFEN = CHECKOUT / ".venv" / "bin" / "tongfen"
TOPICS = ["tongfen.member.v1", "tongfen.points.v1"]
PERSONS = 40


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Group, Stack]]:
    """Bring up a group whose parts the tests may end."""
    with own_group(tmp_path_factory.mktemp("wiped")) as (group, stack):
        yield group, stack


def registered(group: Group, count: int) -> list[str]:
    """Register persons with a number at two units each; give the numbers."""
    numbers = [fresh_key() for _ in range(count)]
    persons = [{"reference": one, "numbers": {"office": one, "hotel": one}} for one in numbers]
    answer = group.system("importer").post("/member/v1/persons/bulk", {"persons": persons})
    assert {one["status"] for one in answer.json()["results"]} == {201}, answer.text
    return numbers


def wiped(stack: Stack) -> None:
    """Kill the broker, and let it come back with an empty disk and no topic, as a new machine would."""
    part = stack.parts["kafka"]
    component, restarts = part.component, part.restarts
    assert isinstance(component, Kafka)
    old = component.start

    def start() -> None:
        shutil.rmtree(component.data_folder, ignore_errors=True)
        component.prepare()
        old()

    component.start = start  # type: ignore[method-assign]
    component.child.kill()
    until(lambda: part.restarts > restarts, 90.0)
    component.start = old  # type: ignore[method-assign]


def held_down(stack: Stack, name: str) -> threading.Event:
    """End a service and keep it from coming back until the event is set."""
    part, back = stack.parts[name], threading.Event()
    old = part.component.start

    def start() -> None:
        back.wait(120)
        part.component.start = old  # type: ignore[method-assign]
        old()

    part.component.start = start  # type: ignore[method-assign]
    part.component.child.kill()
    until(lambda: part.state == "down")
    return back


def published(group: Group) -> bool:
    """Tell whether everything that member announced has left."""
    return group.rows("member", "SELECT count(*) FROM outbox") == [(0,)]


def replayed(stack: Stack, since: str, *more: str) -> dict[str, Any]:
    """Ask for a replay as an operator does, and give what the command line says."""
    done = subprocess.run(
        [TONGFEN, "outbox", "replay", "--since", since, "--json", "--home", str(stack.home.root), *more],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.timeout(400)
def test_a_wiped_broker_is_filled_again_and_every_projection_is_whole(running: tuple[Group, Stack]) -> None:
    group, stack = running
    began = now().isoformat()
    first = registered(group, PERSONS)
    until(lambda: digest(group, "points") == digest(group, "member"))
    # Who hears is the worker.
    back = held_down(stack, "points-worker")
    lost = registered(group, PERSONS)
    until(lambda: published(group))
    wiped(stack)
    # Known and unknown to points, one of each is linked once more: what is new waits behind the replay.
    for one in (first[0], lost[0]):
        more = {"reference": one, "numbers": {"office": one, "property": one}}
        assert group.system("importer").post("/member/v1/persons", more).status_code == 201
    assert digest(group, "points") != digest(group, "member")
    assert replayed(stack, began, "--service", "member", "--no-wait")["member"]["from_event"]
    add_missing(stack.bootstrap, TOPICS, PARTITIONS)
    back.set()
    until(lambda: digest(group, "points") == digest(group, "member"), 60.0)
    again = replayed(stack, began)
    until(lambda: digest(group, "points") == digest(group, "member"))
    operator = group.staff("operator-1")
    assert operator.get("/points/v1/parked").json()["count"] == 0
    known = facts(group, "points")
    assert {f"office:{one.upper()}" for one in (*first, *lost)} <= {number for number, _ in known["numbers"]}
    assert {again[name]["unsendable"] for name in ("member", "points")} == {0}
    assert again["member"]["sent"] >= 2 * PERSONS * 3
    counts = {name: len(rows) for name, rows in known.items()}
    print(f"F7: {again['member']['sent']} events of member left again; points knows {counts} as member does")


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


def test_a_topic_made_anew_below_a_listening_consumer_is_heard_from_its_beginning(counting: Counting) -> None:
    """Its committed offsets point into a log that is gone; the new one is longer before anybody looks.

    One time in ten the client shares out partitions just when there are none, and by itself never again.
    """
    topic = topic_of(tests_stack.topic_prefix(), "member")
    tests_stack.add_topics([topic], 1)
    producer = broker.producer(tests_stack.kafka(), "test")
    told = Told(producer, topic)
    for seq in range(1, 201):
        told.tell("old", seq)
    told.flush()
    consumer = Consumer(
        tests_stack.kafka(),
        f"{topic}.wiped",
        [topic],
        counting.listeners,
        counting.desk,
        Parked(lambda: psycopg2.connect(counting.database.url("desk"))),
        ConsumerPace(poll_s=0.05, backoff_s=0.05, lag_s=0.5, stalled_s=5.0),
    )
    consumer.start()
    until(lambda: counting.heard("old") == 200)
    admin = KafkaAdminClient(bootstrap_servers=tests_stack.kafka(), api_version=broker.API_VERSION)
    admin.delete_topics([topic])
    until(lambda: topic not in admin.list_topics())
    admin.close()
    tests_stack.add_topics([topic], 1)
    anew = Told(broker.producer(tests_stack.kafka(), "again"), topic)
    for seq in range(1, 401):
        anew.tell("new", seq)
    anew.flush()
    until(lambda: counting.heard("new") == 400, 60.0)
    consumer.stop()
    assert counting.effects() == {"old": list(range(1, 201)), "new": list(range(1, 401))}
