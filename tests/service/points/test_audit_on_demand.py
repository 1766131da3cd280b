"""The audit on demand: asked through any process, done by a worker, never older than the question."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection
from structlog.testing import capture_logs

from services.points.domain.audit_report import REPORT_MAX
from services.points.domain.auditing import ATTEMPTS, AuditFailed, AuditNotBegun, AuditUnderWay
from services.points.jobs import audit, audit_on_demand
from services.points.jobs.audit import AUDIT_OPTIONS, audit_all
from services.points.jobs.audit_on_demand import AuditorOnDemand
from services.points.jobs.timetable import BROOMS
from services.points.store.audits import KEPT
from shared.kernel.principal import Principal, Role
from shared.kernel.refusal import NotFound
from shared.runtime.database import Reader, connect
from shared.runtime.rounds import Rounds
from shared.runtime.sweeping import swept
from tests import stack
from tests.journeys.group import until
from tests.service.points.asking_web import Report, Web
from tests.service.points.ledger_house import LedgerHouse, answer_of, earn

LONG_S = 20.0
ONE, TWO = Principal("operator-1", Role.OPERATOR), Principal("operator-2", Role.OPERATOR)
OFFICE, HOTEL = (Principal(f"finance-{unit}", Role.FINANCE, unit) for unit in ("office", "hotel"))


class Stalled:
    """A worker that stops in the middle of its audit until it is let go on."""

    def __init__(self, house: LedgerHouse, at: str = "audit.begun") -> None:
        self._at = at
        self.stands, self.goes_on = threading.Event(), threading.Event()
        self.worker = worker(house, self._reached)
        self.step = _POOL.submit(self.worker.step)
        assert self.stands.wait(LONG_S)

    def _reached(self, point: str) -> None:
        if point == self._at:
            self.stands.set()
            assert self.goes_on.wait(LONG_S)

    def end(self) -> Report | None:
        """Let it go on, and give what it came to."""
        self.goes_on.set()
        return self.step.result(LONG_S)


_POOL = ThreadPoolExecutor(16)


def worker(house: LedgerHouse, reached: Callable[[str], None] = lambda _: None) -> AuditorOnDemand:
    """Make the job of a worker process."""
    url = house.database.url
    return AuditorOnDemand(
        partial(connect, url("desk")), partial(connect, url("auditor"), AUDIT_OPTIONS), reached=reached
    )


def later(web: Web, who: Principal) -> Future[Report]:
    """Ask, and wait for long."""
    return _POOL.submit(web.ask, who, LONG_S)


def states(house: LedgerHouse) -> list[tuple[str, str, int]]:
    """List the questions in the order in which they were asked."""
    found = house.rows("SELECT asked_by, state, attempts FROM audits ORDER BY asked_at")
    return [(str(by), str(state), int(attempts)) for by, state, attempts in found]


def waiting(house: LedgerHouse, count: int) -> None:
    """Wait until so many questions wait for a worker."""
    until(lambda: house.rows("SELECT count(*) FROM audits WHERE state = 'asked'") == [(count,)])


@pytest.fixture
def house(fresh: LedgerHouse) -> LedgerHouse:
    """Lend a house in which nobody has asked yet."""
    answer_of(fresh.obey(earn("hotel", "1", 10_000, "r1"))[0])
    return fresh


@pytest.fixture
def webs(house: LedgerHouse) -> Iterator[tuple[Web, Web]]:
    """Lend two processes that answer."""
    both = Web(house), Web(house)
    yield both
    for web in both:
        web.room.stop()


def test_what_was_asked_through_one_process_is_told_by_the_other(
    house: LedgerHouse, webs: tuple[Web, Web]
) -> None:
    with pytest.raises(AuditNotBegun):
        webs[0].ask(ONE)
    told = worker(house).step()
    report = webs[1].ask(ONE)
    assert told == {"questions": 1, "rows": report["rows"], "findings": 0}
    assert (report["sound"], report["found"], report["findings"]) == (True, 0, [])
    assert report["rows"] == sum(sum(scope["checked"].values()) for scope in report["scopes"]) > 0
    # It was fetched: whoever asks now wants to know about now.
    with pytest.raises(AuditNotBegun):
        webs[0].ask(ONE)
    assert states(house) == [("operator-1", "done", 1), ("operator-1", "asked", 0)]


def test_a_worker_that_nobody_asks_does_nothing(house: LedgerHouse) -> None:
    assert worker(house).step() is None
    assert states(house) == []


def test_who_waits_long_enough_is_told_at_once(house: LedgerHouse, webs: tuple[Web, Web]) -> None:
    rounds = Rounds("audit-on-demand", 0.05, worker(house).step)
    rounds.start()
    try:
        reports = [webs[place % 2].ask(ONE, LONG_S) for place in range(3)]
    finally:
        rounds.stop()
    assert [report["at"] for report in reports] == sorted({report["at"] for report in reports})
    assert states(house) == [("operator-1", "done", 1)] * 3


def test_all_who_ask_while_a_question_waits_are_told_the_same(
    house: LedgerHouse, webs: tuple[Web, Web]
) -> None:
    crowd = [later(webs[place % 2], (ONE, TWO)[place % 3 == 0]) for place in range(8)]
    waiting(house, 2)
    # Each of the eight has joined one of the two rows that wait.
    joined = [web.questions.joined for web in webs]
    until(lambda: sum(map(len, joined)) == 8)
    assert len({question for each in joined for question in each}) == 2
    assert worker(house).step() is not None
    first = crowd[0].result(LONG_S)
    assert [one.result(LONG_S) for one in crowd] == [first] * 8
    assert sorted(states(house)) == [("operator-1", "done", 1), ("operator-2", "done", 1)]


def test_nobody_is_told_an_audit_that_began_before_they_asked(
    house: LedgerHouse, webs: tuple[Web, Web]
) -> None:
    with pytest.raises(AuditNotBegun):
        webs[0].ask(ONE)
    stalled = Stalled(house, "audit.read")
    with pytest.raises(AuditUnderWay):
        webs[0].ask(ONE)
    with pytest.raises(AuditNotBegun):
        webs[1].ask(TWO)
    assert states(house) == [("operator-1", "running", 1), ("operator-2", "asked", 0)]
    stalled.end()
    # One was told to ask again for that very audit; the other asked when it had begun.
    first = webs[1].ask(ONE)
    with pytest.raises(AuditNotBegun):
        webs[0].ask(TWO)
    worker(house).step()
    second = webs[0].ask(TWO)
    ((asked_at,),) = house.rows("SELECT asked_at FROM audits WHERE asked_by = 'operator-2'")
    assert datetime.fromisoformat(first["at"]) < asked_at < datetime.fromisoformat(second["at"])


def test_the_same_asker_who_was_not_told_to_ask_again_gets_an_audit_of_then(
    house: LedgerHouse, webs: tuple[Web, Web]
) -> None:
    first = later(webs[0], ONE)
    waiting(house, 1)
    stalled = Stalled(house, "audit.read")
    answer_of(house.obey(earn("hotel", "1", 10_000, "r2"))[0])
    second = later(webs[1], ONE)
    waiting(house, 1)
    stalled.end()
    before = first.result(LONG_S)
    assert not second.done()
    worker(house).step()
    after = second.result(LONG_S)
    assert (after["at"] > before["at"], after["rows"] > before["rows"]) == (True, True)


def test_a_report_that_is_not_fetched_in_time_is_of_no_use(house: LedgerHouse, webs: tuple[Web, Web]) -> None:
    with pytest.raises(AuditNotBegun):
        webs[0].ask(ONE)
    worker(house).step()
    house.rows("UPDATE audits SET ended_at = ended_at - %s", KEPT)
    with pytest.raises(AuditNotBegun):
        webs[0].ask(ONE)
    assert [state for _, state, _ in states(house)] == ["done", "asked"]


def test_all_books_are_read_by_one_worker_at_a_time(house: LedgerHouse, webs: tuple[Web, Web]) -> None:
    with pytest.raises(AuditNotBegun):
        webs[0].ask(ONE)
    stalled, other = Stalled(house), worker(house)
    assert [other.step() for _ in range(3)] == [None] * 3
    assert states(house) == [("operator-1", "running", 1)]
    assert stalled.end() is not None
    until(lambda: house.rows("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == [(0,)])
    assert other.step() is None
    assert states(house) == [("operator-1", "done", 1)]


@pytest.mark.parametrize("point", ["audit.begun", "audit.read"])
def test_a_worker_that_stands_still_keeps_nobody_from_auditing_for_long(
    house: LedgerHouse, webs: tuple[Web, Web], point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "STANDS_STILL_S", 0.5)
    asking = later(webs[0], ONE)
    waiting(house, 1)
    stalled, other = Stalled(house, point), worker(house)
    until(lambda: other.step())
    assert asking.result(LONG_S)["sound"] is True
    assert states(house) == [("operator-1", "done", 2)]
    # What it does once it goes on again changes nothing, whether it still finds its connection or not.
    with suppress(psycopg2.Error):
        stalled.end()
    assert states(house) == [("operator-1", "done", 2)]


@pytest.mark.parametrize("point", ["audit.begun", "audit.read"])
def test_who_loses_the_database_in_mid_audit_leaves_it_to_the_next(
    house: LedgerHouse, webs: tuple[Web, Web], point: str
) -> None:
    asking = later(webs[0], ONE)
    waiting(house, 1)
    stalled = Stalled(house, point)
    stack.rows(
        house.database.superuser_url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        " AND (usename = 'points_auditor' OR usename = 'points_desk' AND query LIKE '%UPDATE audits%')",
    )
    with pytest.raises(psycopg2.Error):
        stalled.end()
    assert states(house) == [("operator-1", "running", 1)]
    assert worker(house).step() is not None
    assert asking.result(LONG_S)["sound"] is True
    assert states(house) == [("operator-1", "done", 2)]


def test_an_audit_that_fells_every_worker_is_given_up(house: LedgerHouse, webs: tuple[Web, Web]) -> None:
    with pytest.raises(AuditNotBegun):
        webs[0].ask(ONE)
    house.rows("UPDATE audits SET state = 'running', attempts = %s", ATTEMPTS)
    with capture_logs() as lines:
        assert worker(house).step() is None
    assert [(line["event"], line["questions"]) for line in lines] == [("audit.given_up", 1)]
    with pytest.raises(AuditFailed):
        webs[1].ask(ONE)
    with pytest.raises(AuditNotBegun):
        webs[1].ask(ONE)
    assert [state for _, state, _ in states(house)] == ["failed", "asked"]


def test_an_audit_with_a_defect_fails_once_and_the_next_is_begun_anew(
    house: LedgerHouse, webs: tuple[Web, Web], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Connection) -> None:
        raise ZeroDivisionError

    asking = later(webs[0], ONE)
    waiting(house, 1)
    with monkeypatch.context() as patched:
        patched.setattr(audit_on_demand, "audit_all", broken)
        with pytest.raises(ZeroDivisionError):
            worker(house).step()
    with pytest.raises(AuditFailed):
        asking.result(LONG_S)
    asking = later(webs[1], ONE)
    waiting(house, 1)
    worker(house).step()
    assert asking.result(LONG_S)["sound"] is True
    assert states(house) == [("operator-1", "failed", 1), ("operator-1", "done", 1)]


def test_a_report_beyond_its_bound_is_kept_by_nobody(house: LedgerHouse, webs: tuple[Web, Web]) -> None:
    with pytest.raises(AuditNotBegun):
        webs[0].ask(ONE)
    with pytest.raises(psycopg2.errors.CheckViolation, match="audits_report_bounded"):
        house.rows(
            "UPDATE audits SET state = 'done', ended_at = now(), sees_at = now(), report = repeat('x', %s)",
            REPORT_MAX + 1,
        )


@contextmanager
def spoilt(house: LedgerHouse) -> Iterator[None]:
    """Let the books be wrong by a point until the block ends."""
    lot = "UPDATE lots SET points_left = points_left {} 1"
    house.rows(lot.format("-"))
    yield
    house.rows(lot.format("+"))


def test_finance_is_told_of_the_rule_and_sees_nobodys_rows(house: LedgerHouse, webs: tuple[Web, Web]) -> None:
    asking = [later(webs[0], who) for who in (ONE, OFFICE, HOTEL)]
    waiting(house, 3)
    with spoilt(house):
        worker(house).step()
    group, office, hotel = (one.result(LONG_S) for one in asking)
    assert office == hotel
    assert (group["sound"], office["sound"]) == (False, False)
    assert group["found"] == office["found"] == len(group["findings"]) > 0
    assert {one["invariant"] for one in office["findings"]} == {one["invariant"] for one in group["findings"]}
    assert all(one["row"] and one["told"] for one in group["findings"])
    assert {(one["row"], one["told"]) for one in office["findings"]} == {(None, None)}
    assert all(scope["checked"] == {} for scope in office["scopes"])
    with pytest.raises(NotFound):
        webs[0].ask(Principal("finance-of-nobody", Role.FINANCE))


def test_a_question_is_seen_by_its_own_unit_and_the_group_alone(
    house: LedgerHouse, webs: tuple[Web, Web]
) -> None:
    for who in (ONE, OFFICE, HOTEL):
        with pytest.raises(AuditNotBegun):
            webs[0].ask(who)
    worker(house).step()
    reader = Reader(house.database.url("reader"), size=1)
    seen = {}
    try:
        for unit in ("office", "hotel", "%", "", "*"):
            with reader.asked_by(unit=unit) as questions:
                seen[unit] = {row.asked_by for row in questions.rows("SELECT asked_by FROM audits")}
    finally:
        reader.close()
    units = {"finance-office", "finance-hotel"}
    assert seen == {
        "office": {"finance-office"},
        "hotel": {"finance-hotel"},
        "%": set(),
        "": set(),
        "*": {"operator-1", *units},
    }
    # Whoever was moved to another unit is not told what was written for the one before.
    with pytest.raises(AuditNotBegun):
        webs[0].ask(Principal(OFFICE.subject, Role.FINANCE, "hotel"))
    with closing(connect(house.database.url("auditor"))) as auditor, auditor.cursor() as cursor:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("UPDATE audits SET state = 'failed'")
        auditor.rollback()
        assert audit_all(auditor).findings == ()


def test_audits_are_swept_a_week_after_they_ended_and_never_before(
    house: LedgerHouse, webs: tuple[Web, Web]
) -> None:
    for who in (ONE, TWO):
        with pytest.raises(AuditNotBegun):
            webs[0].ask(who)
    worker(house).step()
    with pytest.raises(AuditNotBegun):
        webs[0].ask(HOTEL)
    house.rows("UPDATE audits SET asked_at = asked_at - interval '30 days'")
    house.rows("UPDATE audits SET ended_at = ended_at - interval '2 days' WHERE asked_by = 'operator-2'")
    done = []
    with closing(connect(house.database.url("desk"))) as connection:
        for days in (6, 8):
            found = swept(connection, datetime.now(UTC) + timedelta(days=days), BROOMS)
            done.append(found["audits"] if found else 0)
    assert done == [1, 1]
    assert states(house) == [("finance-hotel", "asked", 0)]
