"""One running part of the stack: started again when it ends, ended when it hangs. Never gives up silently."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from infra.embedded.child import Child, Closed
from infra.embedded.obstacle import Obstacle, obstacle_of
from infra.embedded.pulse import Pulse
from infra.embedded.steps import Steps

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 20.0
# Who ran this long was healthy; the next restart is immediate again.
_HEALTHY_S = 30.0


class Component(Protocol):
    """What the supervisor must be able to do with a part."""

    child: Child

    def start(self) -> None:
        """Start and wait until ready."""

    def close(self) -> None:
        """Stop for good."""


@dataclass(slots=True)
class Part:
    """A component of the stack, where it answers, and how it has fared.

    `pulse` is felt where a component can be asked whether it lives.
    """

    name: str
    component: Component
    address: str
    log: Path
    pulse: Pulse | None = None
    state: str = "starting"
    restarts: int = 0
    _hung: int | None = None
    _stopping: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Start the component and wait until it is ready."""
        self.component.start()
        self.state = "ready"

    def keep(self, steps: Steps, changed: Callable[[], None]) -> None:
        """Watch the component from threads of its own; start it again whenever it ends, and say so."""
        threading.Thread(
            target=self._keep, args=(steps, changed), name=f"keep-{self.name}", daemon=True
        ).start()
        if self.pulse is not None:
            feel = partial(self._feel, self.pulse)
            threading.Thread(target=feel, name=f"pulse-{self.name}", daemon=True).start()

    def close(self) -> None:
        """Stop the component for good."""
        self._stopping.set()
        self.component.close()
        self.state = "stopped"

    def describe(self) -> dict[str, Any]:
        """Say how the part stands, for status.json."""
        return {
            "state": self.state,
            "process_id": self.component.child.pid if self.state != "stopped" else None,
            "address": self.address,
            "restarts": self.restarts,
            "log": str(self.log),
        }

    def _keep(self, steps: Steps, changed: Callable[[], None]) -> None:
        pause_s = _FIRST_PAUSE_S
        while not self._stopping.is_set():
            began = time.monotonic()
            process_id = self.component.child.pid
            code = self.component.child.wait()
            if self._stopping.is_set():
                return
            if time.monotonic() - began > _HEALTHY_S:
                pause_s = _FIRST_PAUSE_S
            self.state = "down"
            changed()
            steps.say(f"! {self.name} {self._end_of(process_id, code)}; starting it again.")
            pause_s = self._revive(steps, pause_s)
            changed()

    def _feel(self, pulse: Pulse) -> None:
        """Kill the component's process whenever it has hung; that it ended is then seen as ever."""
        while not self._stopping.is_set():
            began = time.monotonic()
            child = self.component.child
            # One that is on its way up has a patience of its own.
            process_id = child.pid if self.state == "ready" else None
            if pulse.has_hung(process_id) and not self._stopping.is_set():
                self._hung = process_id
                child.kill(process_id)
            self._stopping.wait(max(0.0, began + pulse.turn_s - time.monotonic()))

    def _end_of(self, process_id: int | None, code: int | None) -> str:
        if self.pulse is not None and process_id is not None and process_id == self._hung:
            return f"gave no sign of life for {self.pulse.patience_s:g} s and was killed"
        return f"ended ({_ending(code)})"

    def _revive(self, steps: Steps, pause_s: float) -> float:
        """Start the component until it stands, with growing pauses; the pause before the next time."""
        began = time.monotonic()
        while not self._stopping.wait(pause_s):
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
            try:
                self.component.start()
            except Closed:
                break
            except (Obstacle, OSError) as refused:
                if self._stopping.is_set():
                    break
                line = refused if isinstance(refused, Obstacle) else obstacle_of(refused)
                steps.say(f"! {line} Next attempt in {pause_s:.1f} s.")
                continue
            self.restarts += 1
            self.state = "ready"
            steps.done(f"{self.name} runs again", time.monotonic() - began)
            break
        return pause_s


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"
    return f"exit code {code}"
