"""F1: a process falls at every step that has a name; the same key again has one effect and one answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.runtime.fault import FELL
from tests import stack
from tests.faults.points_process import PointsHouse, Process, asked_until_told, receipt, redemption, story
from tests.journeys.group import until
from tests.service.points.weather import POINTS
from tests.service.runtime.listening import first_heard, read_topic

pytestmark = pytest.mark.timeout(300)
PATH = "/points/v1/redemptions"
CLOSE = "/points/v1/months/2017-01/close"


@pytest.fixture(scope="module")
def standing(house: PointsHouse) -> Iterator[Process]:
    """Lend a web process that stands, for whoever asks again."""
    with house.process("web") as process:
        yield process


@pytest.mark.parametrize("point", [*POINTS, "desk.before_answer"])
def test_a_process_that_falls_in_a_batch_has_one_effect_and_one_answer(
    house: PointsHouse, standing: Process, point: str
) -> None:
    number = f"fall-{point}"
    house.ledger.fund(number, 1_000)
    body, key = redemption(number, number), f"key {point}".replace(" ", "-")
    with house.process("web", fault=point) as falling:
        assert asked_until_told(falling, PATH, body, key) is None
        assert falling.popen.returncode == FELL
    first, again = (asked_until_told(standing, PATH, body, key) for _ in range(2))
    assert first is not None
    assert again is not None
    assert (first.status_code, again.status_code) == (201, 201)
    assert story(again) == story(first)
    committed = point in ("desk.after_commit", "desk.before_answer")
    assert [one.headers.get("idempotent-replayed") for one in (first, again)] == [
        "true" if committed else None,
        "true",
    ]
    assert house.ledger.points_of(f"office:{number}") == 700
    print(f"F1 {point}: fell, asked again, 1 effect, 1 answer, {'kept' if committed else 'decided anew'}")


@pytest.mark.parametrize("point", ["relay.read", "relay.sent"])
def test_a_process_that_falls_in_the_relay_only_repeats_events(
    house: PointsHouse, standing: Process, point: str
) -> None:
    number = f"told-{point}"
    for one in range(5):
        answer = standing.caller.post("/points/v1/receipts", receipt(number, f"{number}-{one}"))
        assert answer.status_code == 201, answer.text
    with house.process("worker", fault=point) as falling:
        assert falling.popen.wait(30) == FELL
    with house.process("worker"):
        until(lambda: house.ledger.rows("SELECT count(*) FROM outbox") == [(0,)])
    archived = int(house.ledger.rows("SELECT count(*) FROM outbox_archive")[0][0])
    found = read_topic(stack.kafka(), house.topic, archived)
    stories = first_heard(found)
    assert all(versions == sorted(versions) for versions in stories.values())
    print(f"F1 {point}: {archived} events, {len(found)} records, every key in order")


def test_a_process_that_falls_while_a_month_closes_goes_on_with_it(
    house: PointsHouse, standing: Process
) -> None:
    house.ledger.fund("closing", 100)
    at = {"at": "2017-02-01T00:00:00+08:00"}
    falls = []
    for point in ("closing.sealed", "closing.issued", "closing.snapshot"):
        with house.process("worker", fault=point) as falling:
            asked_until_told(standing, CLOSE, at, "close-january")
            assert falling.popen.wait(60) == FELL
        falls.append(point)
    issued = "SELECT count(*), count(DISTINCT unit) FROM statements WHERE month = '2017-01-01'"
    with house.process("worker"):
        until(
            lambda: standing.caller.get("/points/v1/months/2017-01").json()["statements_issued"] is True, 60.0
        )
        answer = asked_until_told(standing, CLOSE, at, "close-january")
    assert answer is not None
    assert answer.status_code == 202
    ((statements, units),) = house.ledger.rows(issued)
    assert statements == units > 0
    print(f"F1 {', '.join(falls)}: sealed once, {statements} statements, one a unit")
