"""A service that ends or hangs under load: whoever asked gets an answer, and nothing acknowledged is lost.

The group is this module's own, because its services are ended.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest

from infra.embedded.stack import Stack
from tests.journeys.caller import Caller, fresh_key
from tests.journeys.group import Group, own_group, until
from tests.journeys.test_points_journey import receipt

CLIENTS = 8
EXIT_WITHIN_S = 30.0
ENDED = os.environ.get("TONGFEN_FAULTS_ENDED", "points").split(",")
"""Which processes are ended, each gently and at once; `make faults` says every one of ours."""

SILENCE_S = 5.0
"""How long a process of this group may give no sign of life."""

FRESH = 200
"""So many requests come on connections of their own once one that has hung is gone."""

LOAD = 40
"""So many receipts are answered before the service is ended, and again after it is back."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Group, Stack]]:
    """Bring up a group whose processes the tests may end."""
    with own_group(tmp_path_factory.mktemp("ending"), silence_s=SILENCE_S) as (group, stack):
        group.open_months()
        yield group, stack


class Load:
    """Several tills that report receipts one after the other, each again under its key until it is taken.

    Beside them a member asks who they are, and at which rates points are exchanged.
    """

    def __init__(self, group: Group) -> None:
        self._group = group
        self._over = threading.Event()
        self.acknowledged: list[str] = []
        self.told_to_wait: list[httpx2.Response] = []
        self.kept_waiting: list[httpx2.Response] = []
        self.failed: list[Any] = []
        self.asked = 0
        self._member = group.member()
        self._threads = [
            *(threading.Thread(target=self._report) for _ in range(CLIENTS)),
            threading.Thread(target=self._ask),
        ]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def until_answered(self, more: int = LOAD) -> None:
        """Wait until so many more receipts are acknowledged."""
        wanted = len(self.acknowledged) + more
        until(lambda: len(self.acknowledged) >= wanted or self.failed, 60.0)

    def _report(self) -> None:
        with httpx2.Client(timeout=30.0, trust_env=False) as web:
            till = self._group.system("till-office")
            till = Caller(till.address, web, till.prove)
            while not self._over.is_set() and not self.failed:
                self._until_taken(till, receipt("office", fresh_key(), 1_000))

    def _ask(self) -> None:
        with httpx2.Client(timeout=30.0, trust_env=False) as web:
            member = Caller(self._member.address, web, self._member.prove)
            while not self._over.wait(0.01) and not self.failed:
                answer = member.get(("/member/v1/me", "/points/v1/rates")[self.asked % 2])
                if answer.status_code == 503 and "retry-after" in answer.headers:
                    self.kept_waiting.append(answer)
                elif answer.status_code != 200:
                    self.failed.append((answer.status_code, answer.text))
                self.asked += 1

    def _until_taken(self, till: Caller, body: dict[str, Any]) -> None:
        key = fresh_key()
        while True:
            try:
                answer = till.post("/points/v1/receipts", body, key)
            except httpx2.TransportError as fault:
                self.failed.append(fault)
                return
            if answer.status_code == 201:
                self.acknowledged.append(body["receipt_no"])
                return
            # 409 in-flight: the killed process still holds the key for a moment.
            if answer.status_code not in (409, 503) or "retry-after" not in answer.headers:
                self.failed.append((answer.status_code, answer.text))
                return
            self.told_to_wait.append(answer)
            time.sleep(0.05)


def ended(process_id: int, number: signal.Signals) -> float:
    """Send the signal and give how long the process took to end, in seconds."""
    began = time.monotonic()
    os.kill(process_id, number)
    until(lambda: not Path(f"/proc/{process_id}/fd").exists() or _is_over(process_id), EXIT_WITHIN_S)
    return time.monotonic() - began


def _is_over(process_id: int) -> bool:
    try:
        return "\nState:\tZ" in Path(f"/proc/{process_id}/status").read_text(encoding="utf-8")
    except OSError:
        return True


@pytest.mark.parametrize("name", ENDED)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_service_that_ends_under_load_fails_nobody(
    running: tuple[Group, Stack], number: signal.Signals, name: str
) -> None:
    """F21: asked to end, it has nobody wait who only asks, where another one answers; tills repeat."""
    group, stack = running
    part = stack.parts[name]
    process_id, restarts = part.component.child.pid, part.restarts
    assert process_id is not None
    with Load(group) as load:
        load.until_answered()
        seconds = ended(process_id, number)
        until(lambda: part.restarts > restarts, 60.0)
        load.until_answered()
    assert load.failed == []
    for answer in load.told_to_wait:
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert answer.json()["code"] in ("away", "busy", "outcome-unknown", "in-flight")
    kept = {number for (number,) in group.rows("points", "SELECT number FROM receipts")}
    assert set(load.acknowledged) <= kept
    assert len(set(load.acknowledged)) == len(load.acknowledged)
    assert seconds < EXIT_WITHIN_S
    print(
        f"F21 {name} {number.name}: ended in {seconds:.2f} s, {len(load.acknowledged)} acknowledged and kept,"
        f" {load.asked} asked, {len(load.told_to_wait)} tills, {len(load.kept_waiting)} askers told to wait"
    )
    if number is signal.SIGTERM and [name] not in stack.webs.values():
        assert [answer.text for answer in load.kept_waiting] == []
    until(lambda: group.rows("points", "SELECT count(*) FROM outbox") == [(0,)])


def test_where_one_that_answers_is_killed_the_other_goes_on(running: tuple[Group, Stack]) -> None:
    group, stack = running
    first, second = (stack.parts[name] for name in stack.webs["points"])
    process_id, restarts = first.component.child.pid, first.restarts
    assert process_id is not None
    doors = group.service("points")
    assert doors not in (first.address, second.address)
    os.kill(process_id, signal.SIGKILL)
    until(lambda: not _answers(first.address))
    for _ in range(20):
        # A connection each: none goes to the one that is gone.
        assert httpx2.get(f"{doors}/readyz", trust_env=False).status_code == 200
    until(lambda: first.restarts > restarts, 60.0)
    until(lambda: _asked(doors, first.address) > 0 and _asked(doors, second.address) > 0)


def _answers(address: str) -> bool:
    try:
        return httpx2.get(f"{address}/livez", trust_env=False).is_success
    except httpx2.TransportError:
        return False


def _asked(doors: str, address: str) -> float:
    """Ask at the joint port once more; give how often one of those that answer there was asked that."""
    httpx2.get(f"{doors}/problems", trust_env=False)
    told = httpx2.get(f"{address}/metrics", trust_env=False).text
    counted = 'tongfen_requests_total{method="GET",route="/problems",'
    asked = [line for line in told.splitlines() if line.startswith(counted)]
    return sum(float(line.rsplit(" ", 1)[1]) for line in asked)


def test_one_that_hangs_is_killed_and_nobody_who_comes_after_it_waits(
    running: tuple[Group, Stack],
) -> None:
    group, stack = running
    part = stack.parts[stack.webs["points"][0]]
    process_id, restarts = part.component.child.pid, part.restarts
    assert process_id is not None
    till = group.system("till-office")
    no_second = httpx2.Limits(max_keepalive_connections=0)
    with Load(group) as load, httpx2.Client(timeout=30.0, trust_env=False, limits=no_second) as web:
        load.until_answered()
        began = time.monotonic()
        os.kill(process_id, signal.SIGSTOP)
        killed = until(lambda: _killed_as_hung(stack), 4 * SILENCE_S)
        silent_s = time.monotonic() - began
        fresh, slowest_s = Caller(group.service("points"), web, till.prove), 0.0
        for _ in range(FRESH):
            asked_at = time.monotonic()
            answer = fresh.post("/points/v1/receipts", receipt("office", fresh_key(), 1_000))
            assert answer.status_code == 201, answer.text
            slowest_s = max(slowest_s, time.monotonic() - asked_at)
        until(lambda: part.restarts > restarts, 60.0)
        load.until_answered()
    assert load.failed == []
    assert silent_s > SILENCE_S * 0.8
    kept = {number for (number,) in group.rows("points", "SELECT number FROM receipts")}
    assert set(load.acknowledged) <= kept
    audit = group.staff("operator-1").get("/points/v1/audit").json()
    assert (audit["sound"], audit["findings"]) == (True, [])
    assert killed == [f"! {part.name} gave no sign of life for 5 s and was killed; starting it again."]
    assert _killed_as_hung(stack) == killed
    print(
        f"hung: noticed after {silent_s:.1f} s, {FRESH} on fresh connections answered, the slowest in"
        f" {slowest_s:.2f} s; {len(load.told_to_wait)} of those under way told to wait"
    )


def _killed_as_hung(stack: Stack) -> list[str]:
    """Read what the supervisor has said of processes that hung, once they were all gone."""
    said = stack.home.log("supervisor").read_text(encoding="utf-8").splitlines()
    return [line for line in said if "sign of life" in line]


@contextmanager
def _standing_still(postmaster: int) -> Iterator[None]:
    """Stop PostgreSQL and all its processes until the block ends."""
    stats = [path.read_text(encoding="utf-8") for path in Path("/proc").glob("[0-9]*/stat")]
    below = [int(stat.split()[0]) for stat in stats if stat.rpartition(")")[2].split()[1] == str(postmaster)]
    assert len(below) > 1
    for process_id in (postmaster, *below):
        os.kill(process_id, signal.SIGSTOP)
    try:
        yield
    finally:
        for process_id in (*below, postmaster):
            with suppress(ProcessLookupError):
                os.kill(process_id, signal.SIGCONT)


def test_whoever_waits_for_a_database_that_stands_still_is_not_killed(
    running: tuple[Group, Stack],
) -> None:
    group, stack = running
    postmaster = stack.parts["postgres"].component.child.pid
    assert postmaster is not None
    restarts = {name: stack.parts[name].restarts for name in stack.processes}
    with Load(group) as load:
        load.until_answered()
        with _standing_still(postmaster):
            time.sleep(2 * SILENCE_S)  # as long as it stands still
            assert all(_answers(stack.parts[name].address) for name in stack.processes)
        load.until_answered()
    assert load.failed == []
    assert {name: stack.parts[name].restarts for name in stack.processes} == restarts


def test_points_serves_while_member_is_away(running: tuple[Group, Stack]) -> None:
    group, stack = running
    member = group.member()
    part = stack.parts["member"]
    process_id, restarts = part.component.child.pid, part.restarts
    assert process_id is not None
    ended(process_id, signal.SIGKILL)
    assert member.get("/points/v1/wallet").status_code == 200
    away = group.stranger.get("/member/v1/keys")
    assert away.status_code in (200, 503)
    until(lambda: part.restarts > restarts, 60.0)
    assert member.get("/member/v1/me").status_code == 200
    token = {"refresh_token": member.facts["refresh_token"]}
    assert group.stranger.post("/member/v1/sessions/refresh", token).status_code == 200
