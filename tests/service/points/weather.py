"""What happens to a desk between two statements: stalls, exceptions, killed backends, cut wires.

A `Weather` is told by its desk each point that is reached and does there what a test has planned.
"""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from psycopg2.extensions import connection as Connection

from tests import stack

POINTS = ("desk.claim", "desk.load", "desk.save", "desk.before_commit", "desk.after_commit")


class Thunder(Exception):
    """A defect in the middle of a batch."""


@dataclass(slots=True)
class Weather:
    """The plans for one desk: what to do when a point is reached for the next time."""

    database: stack.Database
    connect: Callable[[], Connection]
    plans: list[tuple[str, Callable[[], None]]] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    opened: Connection | None = None

    def connection(self) -> Connection:
        """Open the desk's connection and remember it, to kill its backend later."""
        self.opened = self.connect()
        return self.opened

    def reached(self, point: str) -> None:
        """Do what is planned for this point, once."""
        self.seen.append(point)
        for place, (where, act) in enumerate(self.plans):
            if where == point:
                del self.plans[place]
                act()
                return

    def stall(self, point: str, seconds: float) -> None:
        """Plan to be slow at that point."""
        self.plans.append((point, lambda: time.sleep(seconds)))

    def strike(self, point: str) -> None:
        """Plan a defect at that point."""

        def act() -> None:
            raise Thunder(point)

        self.plans.append((point, act))

    def kill(self, point: str) -> None:
        """Plan that the desk's backend is terminated at that point."""
        self.plans.append((point, self._terminate))

    def pause(self, point: str) -> "Pause":
        """Plan to wait at that point until the test lets go."""
        pause = Pause()
        self.plans.append((point, pause.hold))
        return pause

    def _terminate(self) -> None:
        assert self.opened is not None
        stack.rows(
            self.database.superuser_url, "SELECT pg_terminate_backend(%s, 2000)", self.opened.info.backend_pid
        )


_PROTOCOL = struct.pack("!i", 196_608)
"""What stands behind the length of the message that begins a session of PostgreSQL (3.0)."""


class Pause:
    """A point at which a desk stands still until it is let go."""

    def __init__(self) -> None:
        self.there = threading.Event()
        self._free = threading.Event()

    def hold(self) -> None:
        """Stand still, for 20 s at most."""
        self.there.set()
        assert self._free.wait(20), "nobody let the desk go on"

    def let_go(self) -> None:
        """Let the desk go on."""
        self._free.set()


@contextlib.contextmanager
def holding(url: str, statement: str, *parameters: object) -> Iterator[None]:
    """Hold what a statement locks, in a session of its own, until the block ends."""
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters or None)
        yield
    finally:
        connection.rollback()
        connection.close()


class Wire:
    """A small TCP proxy before PostgreSQL, whose client side can be cut while the backend lives on.

    The next packet that holds `cut_at` cuts it; the packet itself reaches the server `arrives_after_s`
    seconds later, or never (None). `opened` are the options of every session begun through it.
    """

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self.cut_at: bytes | None = None
        self.arrives_after_s: float | None = 0.0
        self.away = False
        self.whole = True
        self.opened: set[str] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The address of the database through this wire."""
        port = self._listener.getsockname()[1]
        user, _, _ = self._target.netloc.rpartition("@")
        return urlunsplit(self._target._replace(netloc=f"{user}@127.0.0.1:{port}"))

    def close(self) -> None:
        """Take the proxy down."""
        self._listener.close()
        for near, far in self._pairs:
            near.close()
            # A thread that still reads keeps it open, and with it the session and its locks.
            with contextlib.suppress(OSError):
                far.shutdown(socket.SHUT_RDWR)
            far.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self.away:
                near.close()
                continue
            far = socket.create_connection((self._target.hostname or "", self._target.port or 0))
            self._pairs.append((near, far))
            threading.Thread(target=self._forth, args=(near, far), daemon=True).start()
            threading.Thread(target=self._back, args=(near, far), daemon=True).start()

    def _forth(self, near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while sent := near.recv(65_536):
                if self.away:
                    near.close()
                    break
                if sent[4:8] == _PROTOCOL:
                    self._note(sent)
                if self.cut_at is not None and self.cut_at in sent:
                    self.cut_at, self.whole = None, False
                    self._cut(near, far, sent)
                    return
                far.sendall(sent)
            far.close()

    def _note(self, begun: bytes) -> None:
        _, _, options = begun.partition(b"\0options\0")
        self.opened.add(options.partition(b"\0")[0].decode())

    def _cut(self, near: socket.socket, far: socket.socket, sent: bytes) -> None:
        # Reset, not closed: the client learns nothing, and the server does not know that it is gone.
        near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        near.shutdown(socket.SHUT_RDWR)
        near.close()
        if self.arrives_after_s is None:
            return
        time.sleep(self.arrives_after_s)
        far.sendall(sent)

    def _back(self, near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while sent := far.recv(65_536):
                near.sendall(sent)
        with contextlib.suppress(OSError):
            near.shutdown(socket.SHUT_RDWR)
