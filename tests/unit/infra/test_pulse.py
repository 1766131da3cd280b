"""The pulse of a process: silence counts question by question, and only a sick answer or none is silence."""

from __future__ import annotations

import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.embedded.child import Child, plain_environment, wait_until
from infra.embedded.part import Part
from infra.embedded.ports import LOOPBACK, free_port
from infra.embedded.pulse import QUESTIONS, Pulse
from infra.embedded.service import Recipe, Service, Setup
from infra.embedded.steps import Steps

PATIENCE_S = 20.0
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up'); time.sleep(60)"


def _pulse(*answers: bool) -> Pulse:
    script = list(answers)
    return Pulse(lambda _: script.pop(0), PATIENCE_S)


def test_a_process_has_hung_after_so_many_questions_in_a_row_and_not_before() -> None:
    pulse = _pulse(*[False] * (QUESTIONS - 1), True, *[False] * QUESTIONS)
    felt = [pulse.has_hung(7) for _ in range(2 * QUESTIONS)]
    assert felt == [False] * (2 * QUESTIONS - 1) + [True]
    assert pulse.turn_s * QUESTIONS == PATIENCE_S


def test_the_silence_of_one_process_is_not_that_of_its_successor() -> None:
    pulse = _pulse(*[False] * (2 * QUESTIONS - 1))
    assert not any(pulse.has_hung(7) for _ in range(QUESTIONS - 1))
    assert pulse.has_hung(None) is False
    assert not any(pulse.has_hung(8) for _ in range(QUESTIONS - 1))
    assert pulse.has_hung(8) is True


@contextmanager
def _answering(*answers: bytes | None) -> Iterator[Service]:
    """Lend a service at whose port somebody gives these answers, or takes the question and gives none."""
    callers: list[socket.socket] = []
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        listener.listen()
        port = listener.getsockname()[1]
        answering = threading.Thread(target=_answer, args=(listener, answers, callers), daemon=True)
        answering.start()
        yield Service(Setup(Recipe("points", "nowhere"), "points", port, Path("/nowhere"), {}))
        answering.join(10)
    for caller in callers:
        caller.close()


def _answer(listener: socket.socket, answers: Sequence[bytes | None], callers: list[socket.socket]) -> None:
    for answer in answers:
        caller, _ = listener.accept()
        callers.append(caller)
        if answer is not None:
            caller.recv(1_000)
            caller.sendall(b"HTTP/1.1 " + answer + b"\r\nContent-Length: 0\r\n\r\n")


def test_who_is_well_and_who_knows_no_such_question_is_alive_and_who_is_unwell_or_silent_is_not() -> None:
    with _answering(b"200 OK", b"404 Not Found", b"503 Service Unavailable", None) as service:
        assert [service.alive(5.0) for _ in range(3)] == [True, True, False]
        began = time.monotonic()
        assert service.alive(0.2) is False
        assert time.monotonic() - began < 3.0


def test_who_refuses_is_on_its_way_down_and_takes_no_share() -> None:
    recipe = Recipe("points", "nowhere")
    assert Service(Setup(recipe, "points", free_port(), Path("/nowhere"), {})).alive(5.0) is True


class _Sleeper:
    """A part whose process never answers; started again, it is another process."""

    def __init__(self, folder: Path) -> None:
        self.child = Child(
            name="sleeper",
            arguments=[sys.executable, "-u", "-c", STUBBORN],
            environment=plain_environment(),
            log=folder / "sleeper.log",
            folder=folder,
            patience_s=0.2,
        )

    def start(self) -> None:
        """Start and wait until it says something."""
        self.child.start()
        assert wait_until(lambda: self.child.log.read_text(encoding="utf-8") != "", self.child, 10)

    def close(self) -> None:
        """End it."""
        self.child.close()


@pytest.mark.parametrize("stopped", [False, True])
def test_what_has_hung_is_killed_and_started_again_and_said_so_once(tmp_path: Path, stopped: bool) -> None:
    log = tmp_path / "supervisor.log"
    sleeper, asked = _Sleeper(tmp_path), 0

    def alive(_: float) -> bool:
        nonlocal asked
        asked += 1
        return asked > QUESTIONS

    part = Part("sleeper", sleeper, "nowhere", sleeper.child.log, Pulse(alive, 0.25))
    part.start()
    first = sleeper.child.pid
    assert first is not None
    if stopped:
        sleeper.child._process.send_signal(signal.SIGSTOP)  # type: ignore[union-attr]
    part.keep(Steps(log, out=None), lambda: None)
    try:
        deadline = time.monotonic() + 20
        while part.restarts == 0:
            assert time.monotonic() < deadline, "it is not started again"
            time.sleep(0.02)
        assert sleeper.child.pid not in (None, first)
    finally:
        part.close()
    lines = log.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "! sleeper gave no sign of life for 0.25 s and was killed; starting it again."
    assert [line for line in lines[1:] if "sleeper runs again" not in line] == []
    assert part.restarts == 1


def test_only_the_process_that_is_meant_is_killed(tmp_path: Path) -> None:
    child = _Sleeper(tmp_path).child
    child.start()
    assert child.pid is not None
    child.kill(child.pid + 1)
    assert child.alive()
    child.kill(child.pid)
    assert child.wait(0) == -signal.SIGKILL
