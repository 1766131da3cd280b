"""The process behind `make run`: brings the stack up, fills it once, and holds it until told to stop.

Refuses to end with a traceback for anything a person can mend, and to leave a process behind.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Sequence

import stamina

from infra.embedded.child import Closed
from infra.embedded.first_start import FirstStep, fill
from infra.embedded.home import AlreadyRunning
from infra.embedded.obstacle import Obstacle, obstacle_of
from infra.embedded.stack import Stack
from infra.embedded.steps import Steps

# What `tongfen run` answers its caller.
ENDED = 0
OBSTACLE = 1
ALREADY_RUNNING = 3

_ASKED = "asked"
_READY = "ready"
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Event = str | Obstacle | AlreadyRunning


class Supervisor:
    """Run one stack in the foreground."""

    def __init__(self, stack: Stack, first_steps: Sequence[FirstStep] = ()) -> None:
        self._stack = stack
        self._first_steps = first_steps
        self._steps: Steps = stack.steps
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._asked = 0

    def run(self) -> int:
        """Hold the stack until somebody asks it to stop; the exit code."""
        # Waiting until a fresh service knows a fresh key is ordinary while a stack is filled, and no news.
        stamina.instrumentation.set_on_retry_hooks(())
        for number in _SIGNALS:
            signal.signal(number, self._on_signal)
        threading.Thread(target=self._bring_up, name="bring-up", daemon=True).start()
        code = ENDED
        while True:
            event = self._events.get()
            if event == _READY:
                self._greet()
                continue
            if isinstance(event, AlreadyRunning):
                return self._point_to_the_other()
            if isinstance(event, Obstacle):
                self._steps.say(f"\nThe stack does not start. {event}")
                code = OBSTACLE
            break
        self._shut_down()
        return code

    def _bring_up(self) -> None:
        try:
            self._stack.start()
            if self._stack.profile.seeded:
                fill(self._stack, self._first_steps)
            self._stack.declare_ready()
            self._events.put(_READY)
        except (AlreadyRunning, Obstacle) as known:
            self._events.put(known)
        except Closed:
            return
        except OSError as refused:
            self._events.put(obstacle_of(refused))
        except Exception as defect:  # noqa: BLE001 - the person gets a line, the log gets the rest
            self._steps.say_to_log(traceback.format_exc())
            said = str(defect).partition("\n")[0]
            what = f"Something unforeseen happened: {type(defect).__name__}: {said}."
            log = self._stack.home.log("supervisor")
            self._events.put(Obstacle(what, f"The whole story is in {log}."))

    def _on_signal(self, number: int, _: object) -> None:
        self._asked += 1
        if self._asked == 1:
            self._events.put(_ASKED)
        elif number == signal.SIGINT:
            self._stack.kill()

    def _greet(self) -> None:
        self._steps.say(f"\nTongfen is ready after {self._steps.elapsed_s():.1f} s at {self._stack.address}")
        if self._stack.home.welcome.exists():
            self._steps.say(self._stack.home.welcome.read_text(encoding="utf-8"))
        self._steps.say(
            "Ctrl-C stops it; `.venv/bin/tongfen status` shows every address, `… logs -f` what is said."
        )

    def _point_to_the_other(self) -> int:
        status = self._stack.home.read(self._stack.home.status)
        address = status.get("address")
        where = f"at {address}" if address and status.get("state") == "ready" else "and on its way up or down"
        self._steps.say(
            f"Tongfen is already running from {self._stack.home.root}, {where}. "
            "`tongfen status` shows it, `tongfen stop` ends it, TONGFEN_HOME=/a/folder makes a second one."
        )
        return ALREADY_RUNNING

    def _shut_down(self) -> None:
        if self._stack.state != "stopped":
            self._steps.say("\nStopping; what has begun is finished first. Ctrl-C again stops at once.")
        with self._steps.step("Everything stopped"):
            self._stack.stop()


def run(stack: Stack, first_steps: Sequence[FirstStep] = ()) -> int:
    """Run a stack in the foreground until it is asked to stop; the exit code."""
    return Supervisor(stack, first_steps).run()


def leave(code: int) -> None:
    """End this process now: a download under way must not hold up somebody who pressed Ctrl-C."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
