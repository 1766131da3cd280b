"""Web and worker as processes of their own: what crosses between them is rows, and each may be away."""

from __future__ import annotations

import time
from contextlib import ExitStack

import pytest

from tests import stack
from tests.faults.points_process import PointsHouse, Process, receipt
from tests.journeys.group import until
from tests.service.runtime.listening import read_topic

pytestmark = pytest.mark.timeout(300)
OUTBOX = "SELECT count(*) FROM outbox"
ARCHIVED = "SELECT count(*) FROM outbox_archive"


def earned(process: Process, number: str, count: int) -> None:
    """Let a number earn that often, through that process."""
    for one in range(count):
        answer = process.caller.post("/points/v1/receipts", receipt(number, f"{number}-{one}"))
        assert answer.status_code == 201, answer.text


def test_whoever_is_away_the_other_half_goes_on(house: PointsHouse) -> None:
    ((before,),) = house.ledger.rows(OUTBOX)
    with ExitStack() as processes:
        web, other = (processes.enter_context(house.process("web")) for _ in range(2))
        earned(web, "alone", 20)
        assert house.ledger.rows(OUTBOX) == [(before + 20,)], "without a worker events wait"
        first, second = (processes.enter_context(house.process("worker")) for _ in range(2))
        until(lambda: house.ledger.rows(OUTBOX) == [(0,)])
        began = time.monotonic()
        earned(other, "both", 20)
        until(lambda: house.ledger.rows(OUTBOX) == [(0,)])
        crossed_s = time.monotonic() - began
        assert first.web.get(f"{first.address}/points/v1/wallet").status_code == 404
        assert all(one.ready() for one in (web, other, first, second))
        first.kill()
        earned(web, "after", 20)
        until(lambda: house.ledger.rows(OUTBOX) == [(0,)], 30.0)
        for one in (web, other):
            one.kill()
        assert second.ready()
    archived = int(house.ledger.rows(ARCHIVED)[0][0])
    assert archived == before + 60
    assert len({one.label.id for one in read_topic(stack.kafka(), house.topic, archived)}) == archived
    print(f"roles: {archived} events of 2 web left by 2 workers, one killed; 20 crossed in {crossed_s:.1f} s")


def test_a_month_closed_at_the_web_is_sealed_by_the_worker(house: PointsHouse) -> None:
    with house.process("web") as web:
        at = {"at": "2017-02-01T00:00:00+08:00"}
        assert web.caller.post("/points/v1/months/2017-01/close", at).status_code == 202
        month = web.caller.get("/points/v1/months/2017-01").json()
        assert (month["state"], month["statements_issued"]) == ("draining", False)
        with house.process("worker"):
            until(
                lambda: web.caller.get("/points/v1/months/2017-01").json()["statements_issued"] is True, 60.0
            )
