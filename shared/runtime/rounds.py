"""A job that goes its round again and again in a thread of its own, until it is told to stop.

Refuses to end because one round failed: the failure is logged, the next round comes after a pause.
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from shared.runtime.database import outage_behind

log = structlog.get_logger("rounds")
PAUSE_AFTER_FAILURE_S = 1.0


class Rounds:
    """One job of a service.

    :param step: does one round and gives what is worth a log line (or nothing).
    :param every_s: seconds between the end of one round and the beginning of the next.
    """

    def __init__(self, name: str, every_s: float, step: Callable[[], Mapping[str, Any] | None]) -> None:
        self.name = name
        self._every_s = every_s
        self._step = step
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Go the first round at once, then one after another."""
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Finish the round under way."""
        self._stopping.set()
        self._thread.join(timeout_s)

    def go_once(self) -> float:
        """Go one round and log what came of it; give the seconds until the next."""
        began = time.monotonic()
        try:
            facts = self._step()
        except Exception as fault:
            outage = outage_behind(fault)
            if outage is None:
                log.exception("job.defect", job=self.name)
            else:
                log.warning("job.away", job=self.name, cause=str(outage).strip())
            return PAUSE_AFTER_FAILURE_S
        if facts:
            duration_ms = round((time.monotonic() - began) * 1000, 1)
            log.info("job", job=self.name, duration_ms=duration_ms, **facts)
        return self._every_s

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._stopping.wait(self.go_once())
