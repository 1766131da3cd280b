"""The supervisor with a real PostgreSQL, Kafka and Caddy: it mends what dies and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from typer.testing import CliRunner

from infra.cli.main import app
from infra.cli.status import look
from infra.embedded.child import process_state
from infra.embedded.home import Home
from infra.embedded.ports import LOOPBACK, free_port
from infra.embedded.secrets import Secrets

CHECKOUT = Path(__file__).parents[3]
PATIENCE_S = 90.0
SILENCE_S = 5


class Running:
    """A supervisor in a process of its own, as a person starts it."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = Home(home)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.service.stack.small_stack", str(home)],
            cwd=CHECKOUT,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def until_ready(self) -> dict[str, Any]:
        """Wait until everything is ready; what stands where."""
        wait_for(lambda: self.process.poll() is not None or look(self.home)["ready"], "a ready stack")
        found = look(self.home)
        assert found["ready"], self.process.stdout.read() if self.process.stdout else ""
        return found

    def end_by_itself(self) -> tuple[int, str]:
        """Wait until the supervisor gives up; its exit code and what it said."""
        said, _ = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, said

    def end(self, number: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """Ask the supervisor to stop; its exit code and what it said."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.end_by_itself()


def wait_for(condition: Callable[[], object], what: str) -> None:
    """Wait until a condition holds, or fail."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"no {what} within {PATIENCE_S} s"
        time.sleep(0.05)


def processes_of(home: Path) -> list[str]:
    """List the living processes that name this folder, as an argument or in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            told = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
        except OSError:
            continue
        if str(home).encode() in told and int(folder.name) != os.getpid():
            found.append(f"{folder.name} {told[:80]!r}")
    return found


@pytest.fixture(scope="module")
def open_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder that others may pass: pytest closes its own, PostgreSQL under root is another user's."""
    place = tmp_path_factory.mktemp("stack")
    for folder in (place, *place.parents[:2]):
        folder.chmod(0o755)
    return place


@pytest.fixture(scope="module")
def home(open_folder: Path) -> Path:
    """Choose the stack's folder."""
    return open_folder / "home"


@pytest.fixture(scope="module")
def running(home: Path) -> Iterator[Running]:
    """Run one supervisor for the tests of this module."""
    supervisor = Running(home, TONGFEN_PORT=str(free_port()), TONGFEN_SILENCE_S=str(SILENCE_S))
    try:
        supervisor.until_ready()
        yield supervisor
    finally:
        supervisor.end()


def ask(address: str, **headers: str) -> dict[str, Any]:
    """Ask the stack over HTTP."""
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=10) as answer:
        content: dict[str, Any] = json.load(answer)
        return content


def test_one_address_leads_to_every_service_and_says_who_asks(running: Running) -> None:
    address = running.until_ready()["address"]
    forged = {"X-Forwarded-For": "203.0.113.9", "X-Client-Address": "203.0.113.9"}
    for service in ("member", "points"):
        answer = ask(f"{address}/{service}/v1/things", **forged)
        assert answer["path"] == f"/{service}/v1/things"
        assert answer["client"] == answer["forwarded"] == ["127.0.0.1"]
        assert f"{service.upper()}_DATABASE_URL_DESK" in answer["names"]
        assert f"{service.upper()}_DATABASE_URL_OWNER" not in answer["names"]


def test_the_page_of_a_problem_is_found_at_whichever_service_knows_it(running: Running) -> None:
    address = running.until_ready()["address"]
    for service in ("member", "points"):
        answer = ask(f"{address}/problems/{service}-is-closed")
        assert answer["service"] == service
    with pytest.raises(urllib.error.HTTPError, match="404"):
        ask(f"{address}/problems/of-nobody")


def test_status_names_every_address_and_process_and_no_password(running: Running) -> None:
    found = running.until_ready()
    assert set(found["parts"]) == {"postgres", "kafka", "member", "points", "gateway"}
    assert all(process_state(part["process_id"]) for part in found["parts"].values())
    text = json.dumps(found)
    for secret in json.loads(running.home.secrets.read_text(encoding="utf-8")).values():
        assert secret not in text
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            assert secret.encode() not in _read(process)


def test_a_role_enters_its_own_database_and_no_other(running: Running) -> None:
    found = running.until_ready()
    secrets = Secrets(running.home.secrets)

    def enter(database: str, role: str, password: str) -> None:
        port = found["parts"]["postgres"]["address"].rpartition(":")[2]
        psycopg2.connect(host="127.0.0.1", port=port, dbname=database, user=role, password=password).close()

    enter("points", "points_reader", secrets.of("postgres.points_reader"))
    for database in ("member", "postgres", "template1"):
        with pytest.raises(psycopg2.OperationalError, match="permission denied"):
            enter(database, "points_owner", secrets.of("postgres.points_owner"))
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        enter("points", "points_owner", "guessed")


@pytest.mark.parametrize("part", ["points", "gateway", "postgres", "kafka"])
def test_what_is_killed_runs_again(running: Running, part: str) -> None:
    before = running.until_ready()["parts"][part]
    os.kill(before["process_id"], signal.SIGKILL)

    def revived() -> bool:
        now = look(running.home)
        return bool(now["ready"]) and now["parts"][part]["restarts"] == before["restarts"] + 1

    wait_for(revived, f"{part} again")
    after = running.until_ready()
    assert after["parts"][part]["process_id"] != before["process_id"]
    assert after["parts"][part]["address"] == before["address"]
    assert ask(f"{after['address']}/points/v1/things")["path"] == "/points/v1/things"


def test_what_hangs_is_killed_and_runs_again_and_the_log_says_so_once(running: Running) -> None:
    before = running.until_ready()["parts"]["member"]
    os.kill(before["process_id"], signal.SIGSTOP)
    wait_for(
        lambda: look(running.home)["parts"]["member"]["restarts"] == before["restarts"] + 1, "member again"
    )
    after = running.until_ready()
    assert after["parts"]["member"]["process_id"] != before["process_id"]
    assert ask(f"{after['address']}/member/v1/things")["service"] == "member"
    said = _said(running).splitlines()
    killed = f"! member gave no sign of life for {SILENCE_S} s and was killed; starting it again."
    assert [line for line in said if "sign of life" in line] == [killed]


def test_who_takes_the_port_of_a_service_that_is_down_is_not_taken_for_it(running: Running) -> None:
    found = running.until_ready()["parts"]["member"]
    port = int(found["address"].rsplit(":", 1)[1])
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        os.kill(found["process_id"], signal.SIGKILL)
        wait_for(lambda: _bound(stranger, port), "free port")
        wait_for(lambda: f"Port {port} of service member is taken" in _said(running), "word of the stranger")
        assert look(running.home)["parts"]["member"]["state"] == "down"
    running.until_ready()
    wait_for(lambda: look(running.home)["parts"]["member"]["restarts"] > found["restarts"], "restart")


def _bound(stranger: socket.socket, port: int) -> bool:
    try:
        stranger.bind((LOOPBACK, port))
        stranger.listen(8)
    except OSError:
        return False
    return True


def _said(running: Running) -> str:
    return running.home.log("supervisor").read_text(encoding="utf-8")


def test_a_second_one_in_the_same_folder_says_where_the_first_is(running: Running, home: Path) -> None:
    address = running.until_ready()["address"]
    code, said = Running(home).end_by_itself()
    assert code == 3
    assert address in said
    assert len(said.strip().splitlines()) == 1


def test_a_taken_port_is_one_line_with_a_way_on(running: Running, tmp_path: Path) -> None:
    port = running.until_ready()["address"].rpartition(":")[2]
    code, said = Running(tmp_path / "other", TONGFEN_PORT=port).end_by_itself()
    assert code == 1
    assert f"Port {port} is taken" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("moment", ["postgres/data.new", "kafka/data.new"])
def test_a_first_start_that_was_cut_goes_on_beside_another_stack(
    running: Running, open_folder: Path, moment: str
) -> None:
    running.until_ready()
    place = open_folder / moment.replace("/", "-")
    cut = Running(place)
    wait_for(lambda: cut.process.poll() is not None or (place / moment).exists(), moment)
    cut.end(signal.SIGKILL)
    again = Running(place)
    try:
        address = again.until_ready()["address"]
        assert address != running.until_ready()["address"]
        assert ask(f"{address}/points/v1/things")["service"] == "points"
        stopped = CliRunner().invoke(app, ["stop", "--home", str(place)])
    finally:
        code, said = again.end()
    assert stopped.exit_code == code == 0, said
    wait_for(lambda: not processes_of(place), "end of every process")


def test_a_supervisor_killed_without_a_word_leaves_nothing_and_its_successor_starts(
    running: Running, home: Path
) -> None:
    running.until_ready()
    os.kill(running.process.pid, signal.SIGKILL)
    running.process.wait()
    successor = Running(home)
    try:
        successor.until_ready()
    finally:
        code, said = successor.end(signal.SIGTERM)
    assert code == 0, said
    assert "Traceback" not in said
    wait_for(lambda: not processes_of(home), "end of every process")
    assert not look(successor.home)["running"]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
