"""A service's process: its parts come up in order, the doors open, and everything ends in the reverse order.

Graceful: on SIGTERM or SIGINT the process answers "not ready", finishes what it has begun, then closes its
parts.
Refuses to know what the parts are.
"""

import gc
import signal
from collections.abc import Sequence
from types import FrameType
from typing import Protocol

import uvicorn

from shared.web.application import Application
from shared.web.whole_answers import WholeAnswers

FINISH_S = 20
YOUNG_MAX = 20_000
"""After how many more objects made than freed cycles are looked for; a batch makes thousands, all freed."""


class Part(Protocol):
    """Something of the process that runs beside the doors: desk, relay, consumer, job."""

    def start(self) -> None:
        """Begin to work."""

    def stop(self) -> None:
        """Finish what is under way, then end."""


class _Server(uvicorn.Server):
    """A server that says "not ready" as soon as it is told to end."""

    def __init__(self, config: uvicorn.Config, application: Application) -> None:
        super().__init__(config)
        self._application = application

    def handle_exit(self, sig: int, _frame: FrameType | None) -> None:
        """Drain first: whoever is under way is answered; a second Ctrl-C waits for nobody."""
        self._application.drain()
        # Not uvicorn's own: it raises the signal once more at the end, which kills the process before its
        # parts have finished.
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def _settle() -> None:
    """Let the collector of cycles leave alone what stays: it would walk through it every few batches."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_MAX, 20, 20)


def configured(application: Application, host: str, port: int) -> uvicorn.Config:
    """Say how a service's server behaves."""
    return uvicorn.Config(
        application,
        host=host,
        port=port,
        loop="uvloop",
        http=WholeAnswers,
        log_config=None,
        access_log=False,
        # The address of a caller is what the gateway writes (arrival.py), never X-Forwarded-For.
        proxy_headers=False,
        server_header=False,
        date_header=False,
        backlog=2048,
        timeout_graceful_shutdown=FINISH_S,
    )


def serve(application: Application, host: str, port: int, parts: Sequence[Part]) -> None:
    """Run the process until it is told to end."""
    config = configured(application, host, port)
    started: list[Part] = []
    try:
        for part in parts:
            part.start()
            started.append(part)
        _settle()
        _Server(config, application).run()
    finally:
        for part in reversed(started):
            part.stop()
