"""What a killed supervisor left: waited for, killed when it will not end, and nobody else is touched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.embedded.home import Home
from infra.embedded.leftovers import await_leftovers
from infra.embedded.steps import Steps

SLEEP = "import sys, time; time.sleep(float(sys.argv[2]))"


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Collect processes to be ended after the test."""
    found: list[subprocess.Popen[bytes]] = []
    yield found
    for process in found:
        process.kill()
        process.wait()


def leave(home: Home, named: Path, seconds: float) -> subprocess.Popen[bytes]:
    """Start a process that names a folder, and write it down as a part of the stack."""
    process = subprocess.Popen([sys.executable, "-c", SLEEP, str(named), str(seconds)])
    # Whoever started it goes on a moment before the kernel can tell what it was started with.
    while str(named).encode() not in Path(f"/proc/{process.pid}/cmdline").read_bytes():
        time.sleep(0.01)
    home.write(home.status, {"parts": {"kafka": {"process_id": process.pid}}})
    return process


def test_a_leftover_that_ends_is_waited_for(tmp_path: Path, started: list[subprocess.Popen[bytes]]) -> None:
    process = leave(Home(tmp_path), tmp_path, 0.5)
    started.append(process)
    await_leftovers(Home(tmp_path), Steps(out=None), patience_s=30)
    assert process.wait() == 0


def test_a_leftover_that_does_not_end_is_killed(
    tmp_path: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    process = leave(Home(tmp_path), tmp_path, 60)
    started.append(process)
    await_leftovers(Home(tmp_path), Steps(out=None), patience_s=0.2)
    assert process.wait() == -signal.SIGKILL


def test_a_process_of_somebody_else_is_left_alone(
    tmp_path: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    process = leave(Home(tmp_path), Path("/elsewhere"), 60)
    started.append(process)
    await_leftovers(Home(tmp_path), Steps(out=None), patience_s=0)
    os.kill(process.pid, 0)
    assert process.poll() is None
