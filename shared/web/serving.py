"""A service's process: its parts come up in order, the doors open, and everything ends in the reverse order.

Graceful: on SIGTERM or SIGINT the process answers "not ready", finishes what it has begun, then closes its
parts. Several processes may answer at one joint port, among which the system shares out new connections; each
has its own beside it, where it is asked how it fares.
Refuses to know what the parts are.
"""

import gc
import signal
import socket
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
    """Let the collector of cycles leave alone what stays: it would walk through it every few batches.

    It may have rested while the process loaded.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_MAX, 20, 20)
    gc.enable()


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


def joined(host: str, port: int) -> socket.socket:
    """Take a share of the connections to a port at which other processes of this account answer as well."""
    share = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    share.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    share.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    share.bind((host, port))
    return share


def serve(application: Application, host: str, port: int, parts: Sequence[Part], joint_port: int = 0) -> None:
    """Run the process until it is told to end.

    :param joint_port: where it answers together with others, beside its own port; 0: nowhere.
    """
    config = configured(application, host, port)
    started: list[Part] = []
    try:
        for part in parts:
            part.start()
            started.append(part)
        _settle()
        sockets = [config.bind_socket(), *([joined(host, joint_port)] if joint_port else [])]
        _Server(config, application).run(sockets)
    finally:
        for part in reversed(started):
            part.stop()
