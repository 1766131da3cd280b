"""A child process: stopped gently, killed if it will not, gone when its parent is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infra.embedded.child import Child, Closed, plain_environment, process_state, wait_until

PATIENT = (
    "import signal, time; signal.signal(signal.SIGTERM, lambda *_: exit(7)); print('up'); time.sleep(60)"
)
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up'); time.sleep(60)"

PARENT = """
import os, signal, sys
from pathlib import Path
from infra.embedded.child import Child
child = Child("child", [sys.executable, "-c", "import time; time.sleep(60)"], dict(os.environ),
              Path(sys.argv[1]), Path("/"))
child.start()
print(child.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def _child(folder: Path, program: str, patience_s: float = 5.0) -> Child:
    return Child(
        name="child",
        arguments=[sys.executable, "-u", "-c", program],
        environment=plain_environment(),
        log=folder / "child.log",
        folder=folder,
        patience_s=patience_s,
    )


def _up(child: Child) -> bool:
    return wait_until(lambda: "up" in child.log.read_text(encoding="utf-8"), child, 10)


def test_a_child_is_asked_first(tmp_path: Path) -> None:
    child = _child(tmp_path, PATIENT)
    child.start()
    assert _up(child)
    child.stop()
    assert child.wait(0) == 7


def test_a_child_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    child = _child(tmp_path, STUBBORN, patience_s=0.2)
    child.start()
    assert _up(child)
    child.stop()
    assert child.wait(0) == -signal.SIGKILL


def test_a_closed_child_is_not_started_again(tmp_path: Path) -> None:
    child = _child(tmp_path, PATIENT)
    child.close()
    with pytest.raises(Closed):
        child.start()


def test_waiting_ends_when_the_child_does_and_its_last_words_are_known(tmp_path: Path) -> None:
    child = _child(tmp_path, "print('no such port')")
    child.start()
    assert not wait_until(lambda: False, child, 10)
    assert child.last_words() == "no such port"


def test_an_aside_is_not_taken_for_the_last_words(tmp_path: Path) -> None:
    child = _child(tmp_path, "print('FATAL:  it is starting up.\\nDETAIL:  Not yet consistent.')")
    child.start()
    assert not wait_until(lambda: False, child, 10)
    assert "PostgreSQL does not start: FATAL:  it is starting up. Its log" in str(
        child.failure("PostgreSQL does not start", tmp_path)
    )


def test_a_child_is_gone_when_its_parent_is_killed(tmp_path: Path) -> None:
    checkout = Path(__file__).parents[3]
    parent = subprocess.run(
        [sys.executable, "-c", PARENT, str(tmp_path / "log")],
        capture_output=True,
        text=True,
        check=False,
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
    )
    assert parent.returncode == -signal.SIGKILL
    pid = int(parent.stdout)
    deadline = time.monotonic() + 10
    while process_state(pid) not in (None, "Z"):
        assert time.monotonic() < deadline, f"process {pid} outlives its parent"
        time.sleep(0.02)
