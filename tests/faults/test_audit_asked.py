"""An audit on demand over real processes: asked at one, told by another, its worker killed in the middle."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import timedelta

import httpx2
import psycopg2
import pytest

from services.points.commands.keep_signing_key import KeepSigningKey
from shared.kernel.principal import Principal, Role
from shared.runtime.clock import now
from shared.runtime.fault import FELL
from shared.web.keys import public_key_text
from shared.web.tokens import mint_token
from tests.faults.points_process import PRIVATE, PointsHouse, Process
from tests.journeys.caller import Caller, by_token
from tests.journeys.group import until
from tests.service.points.ledger_house import answer_of, asked

pytestmark = pytest.mark.timeout(300)
OPERATOR = Principal("operator-1", Role.OPERATOR)
# The auditor's own rounds hold no such lock.
READING = """
SELECT count(DISTINCT a.pid) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND a.datname = current_database()
  AND a.usename = 'points_auditor' AND a.wait_event_type = 'Lock'
"""


@pytest.fixture(scope="module")
def trusted(house: PointsHouse) -> PointsHouse:
    """Lend the house, in which tokens of this test are believed and somebody has points."""
    ends = now() + timedelta(days=1)
    answer_of(house.ledger.obey(KeepSigningKey(asked(), "kid", public_key_text(PRIVATE), ends))[0])
    house.ledger.fund("audited", 1_000)
    return house


@pytest.fixture
def unasked(trusted: PointsHouse) -> PointsHouse:
    """Lend the house as if nobody had asked yet."""
    trusted.ledger.rows("DELETE FROM audits")
    return trusted


def audit(process: Process) -> httpx2.Response:
    """Ask for an audit as an operator."""
    token = mint_token(PRIVATE, "kid", OPERATOR, now(), timedelta(minutes=10))
    return Caller(process.address, process.web, by_token(token)).get("/points/v1/audit")


def attempts(house: PointsHouse) -> list[tuple[str, int]]:
    """List the questions: how far each is, and how often it was begun."""
    return [(str(s), int(n)) for s, n in house.ledger.rows("SELECT state, attempts FROM audits")]


def test_asked_without_a_worker_it_is_told_by_the_other_web_once_one_is_there(unasked: PointsHouse) -> None:
    with ExitStack() as processes:
        web = processes.enter_context(unasked.process("web", audit_patience_s="1"))
        other = processes.enter_context(unasked.process("web"))
        away = audit(web)
        assert (away.status_code, away.json()["code"]) == (503, "audit-not-begun")
        assert away.json()["retryable"] is True
        assert "retry-after" in away.headers
        with unasked.process("worker"):
            report = audit(other)
        assert (report.status_code, report.json()["sound"]) == (200, True)
        assert attempts(unasked) == [("done", 1)]
    print(f"audit: asked at one web, told by the other, {report.json()['rows']} rows, one audit")


def test_a_worker_killed_in_mid_audit_leaves_it_to_the_next(unasked: PointsHouse) -> None:
    with ExitStack() as processes, ThreadPoolExecutor(1) as pool:
        web = processes.enter_context(unasked.process("web"))
        with closing(psycopg2.connect(unasked.ledger.database.url("owner"))) as owner:
            with owner.cursor() as cursor:
                cursor.execute("LOCK TABLE lots")
            killed = processes.enter_context(unasked.process("worker"))
            asking = pool.submit(audit, web)
            until(lambda: unasked.ledger.rows(READING) == [(1,)])
            other = processes.enter_context(unasked.process("worker"))
            assert attempts(unasked) == [("running", 1)], "there are two workers, and one audits"
            killed.kill()
            # What it left behind in the database ends, and only then another begins: never two at once.
            until(lambda: attempts(unasked) == [("running", 2)])
            until(lambda: unasked.ledger.rows(READING) == [(1,)])
        report = asking.result(60)
        if report.status_code == 503:
            assert report.json()["code"] == "audit-under-way"
            report = audit(web)
        assert (report.status_code, report.json()["sound"]) == (200, True)
        assert attempts(unasked) == [("done", 2)]
        assert other.ready()
    print("audit: a worker was killed in mid-audit, the other took it up, 1 report")


@pytest.mark.parametrize("point", ["audit.begun", "audit.read"])
def test_a_worker_that_falls_at_a_named_step_of_an_audit(unasked: PointsHouse, point: str) -> None:
    with ExitStack() as processes, ThreadPoolExecutor(1) as pool:
        web = processes.enter_context(unasked.process("web"))
        falling = processes.enter_context(unasked.process("worker", fault=point))
        asking = pool.submit(audit, web)
        assert falling.popen.wait(60) == FELL
        assert attempts(unasked) == [("running", 1)]
        with unasked.process("worker"):
            report = asking.result(60)
            if report.status_code == 503:
                report = audit(web)
        assert (report.status_code, report.json()["sound"]) == (200, True)
        assert attempts(unasked) == [("done", 2)]


def test_one_process_that_is_both_audits_what_it_is_asked(unasked: PointsHouse) -> None:
    with unasked.process("both") as process:
        reports = [audit(process).json()["at"] for _ in range(2)]
    assert reports == sorted(set(reports))
    assert attempts(unasked) == [("done", 1)] * 2
