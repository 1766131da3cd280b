"""Errands: said once where nothing fails, said again with the same key where something does."""

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic, sleep

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection

from shared.runtime import clock
from shared.runtime.errands import EVERY_LANE, Declined, Errand, ErrandPace, Errands, Lanes
from shared.runtime.sweeping import swept
from tests import stack
from tests.service.runtime.frame_database import framed

QUICK = ErrandPace(poll_s=0.02, backoff_s=0.05, lease_s=0.4, attempts=3)


@pytest.fixture
def database() -> Iterator[stack.Database]:
    """Lend a database without errands."""
    with framed() as lent:
        yield lent


@dataclass(frozen=True, slots=True)
class Row:
    """What stands in the table."""

    body: str
    attempts: int
    done: bool
    outcome: str | None


def messenger(
    database: stack.Database, gateway: object, pace: ErrandPace = QUICK, lanes: Lanes = EVERY_LANE
) -> Errands:
    """Make a messenger of texts."""

    def connect() -> Connection:
        return psycopg2.connect(database.url("desk"))

    return Errands(connect, {"text": gateway}, pace=pace, lanes=lanes)  # type: ignore[dict-item]


def add(database: stack.Database, *, kind: str = "text", in_s: float = 0, lane: str = "") -> str:
    """Add an errand."""
    id_ = clock.mint_id()
    stack.rows(
        database.url("desk"),
        "INSERT INTO errands (id, kind, lane, subject, body, due_at)"
        " VALUES (%s, %s, %s, 'mem_1', 'your code', %s)",
        id_,
        kind,
        lane,
        clock.now() + timedelta(seconds=in_s),
    )
    return id_


def found(database: stack.Database, id_: str) -> Row:
    """Look at an errand."""
    statement = "SELECT body, attempts, done_at IS NOT NULL, outcome FROM errands WHERE id = %s"
    body, attempts, done, outcome = stack.rows(database.url("desk"), statement, id_)[0]
    return Row(str(body), int(str(attempts)), bool(done), None if outcome is None else str(outcome))


def until_done(database: stack.Database, id_: str) -> Row:
    """Wait until an errand is done."""
    deadline = monotonic() + 10
    while not (row := found(database, id_)).done:
        assert monotonic() < deadline, f"not done: {row}"
        sleep(0.02)
    return row


def test_an_errand_is_done_once_and_its_text_is_gone(database: stack.Database) -> None:
    """What is not due yet, or not ours, waits."""
    said: list[Errand] = []

    def gateway(errand: Errand) -> str:
        said.append(errand)
        return "sent"

    ours, later, other = add(database), add(database, in_s=60), add(database, kind="stripe")
    job = messenger(database, gateway)
    assert job.run_due() == 1
    assert job.run_due() == 0
    job.stop()
    assert said == [Errand(ours, "text", "mem_1", "your code", 1)]
    assert found(database, ours) == Row("", 1, True, "sent")
    assert found(database, later) == found(database, other) == Row("your code", 0, False, None)


def test_a_failing_gateway_is_asked_again_and_given_up_with_an_alarm(database: stack.Database) -> None:
    """Ever later, with the same id; a refusal of the outside is final at once."""
    asked: list[str] = []

    def gateway(errand: Errand) -> str:
        asked.append(errand.id)
        if errand.attempts < 2 or errand.id == hopeless:
            raise TimeoutError
        if errand.id == declined:
            raise Declined("no such number")
        return "sent"

    late, hopeless, declined = add(database), add(database), add(database)
    job = messenger(database, gateway)
    job.start()
    assert until_done(database, late) == Row("", 2, True, "sent")
    assert until_done(database, declined) == Row("", 2, True, "declined: no such number")
    assert until_done(database, hopeless) == Row("", 3, True, "given up, failed: TimeoutError")
    job.stop()
    assert sorted(asked) == sorted([late] * 2 + [declined] * 2 + [hopeless] * 3)


def test_a_messenger_who_died_is_replaced_when_the_lease_is_over(database: stack.Database) -> None:
    """Two messengers never hold one errand at a time; the second says it under the same id."""
    calls: list[str] = []
    gone = threading.Event()

    def dies(errand: Errand) -> str:
        calls.append(errand.id)
        gone.wait(20)
        return "too late"

    def lives(errand: Errand) -> str:
        calls.append(errand.id)
        return "sent"

    id_ = add(database)
    first, second = messenger(database, dies), messenger(database, lives)
    first.start()
    while not calls:
        sleep(0.01)
    assert second.run_due() == 0
    second.start()
    assert until_done(database, id_) == Row("", 2, True, "sent")
    gone.set()
    first.stop()
    second.stop()
    assert calls == [id_, id_]
    assert found(database, id_) == Row("", 2, True, "sent")


def test_whoever_is_silent_keeps_nobody_of_another_lane_waiting(database: stack.Database) -> None:
    """However many wait for the one that is silent: each lane has a messenger, and so has the rest."""
    free = threading.Event()

    def says(errand: Errand) -> str:
        if errand.id in silent:
            free.wait(20)
        return "sent"

    silent = {add(database, lane="slow", in_s=-60) for _ in range(3 * QUICK.at_once)}
    quick, gone = add(database, lane="quick"), add(database, lane="gone")
    lanes = (Lanes(("quick",)), Lanes(("slow",)), Lanes(("quick", "slow"), others=True))
    jobs = [messenger(database, says, lanes=one) for one in lanes]
    for job in jobs:
        job.start()
    assert until_done(database, quick) == until_done(database, gone) == Row("", 1, True, "sent")
    assert not any(found(database, id_).done for id_ in silent)
    free.set()
    for id_ in silent:
        until_done(database, id_)
    for job in jobs:
        job.stop()


def test_what_was_done_is_swept_after_30_days_and_what_nobody_could_do_stays(
    database: stack.Database,
) -> None:
    """An errand under way stays as well, however long ago it was asked for."""

    def gateway(errand: Errand) -> str:
        if errand.id == hopeless:
            raise TimeoutError
        if errand.id == declined:
            raise Declined("no such number")
        return "sent"

    sent, hopeless, declined = add(database), add(database), add(database)
    waiting = add(database, kind="stripe", in_s=-100 * 86_400)
    job = messenger(database, gateway)
    job.start()
    for id_ in (sent, hopeless, declined):
        until_done(database, id_)
    job.stop()
    with closing(psycopg2.connect(database.url("desk"))) as broom:
        young = swept(broom, clock.now() + timedelta(days=29)) or {}
        old = swept(broom, clock.now() + timedelta(days=31)) or {}
    assert (young["errands"], old["errands"]) == (0, 2)
    kept = {id_ for (id_,) in stack.rows(database.url("desk"), "SELECT id::text FROM errands")}
    assert kept == {hopeless, waiting}
