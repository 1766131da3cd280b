"""What a process keeps in memory of a table: read again on a rhythm, and sooner for whoever lacks something.

Whoever lacks a row waits for a reading that begins after they asked: what was committed before, it shows. One
reading serves all who wait, and they come no closer together than a tenth of a second, however many ask and
whatever they made up. Refuses to answer in place of a database that is away.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from shared.runtime.rounds import Rounds

LEAST_S = 0.1
"""The shortest time from the beginning of one reading to that of the next: at most ten a second."""

PATIENCE_S = 1.0
"""How long somebody waits for a reading. Source: F14, a no within 2 s."""

RECENT_S = 5.0
"""For how long a change counts as one that whoever asked may not have seen yet: far longer than they look."""


class _Waiting(NamedTuple):
    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[bool]"


class Rereading:
    """A part of the process that reads again.

    :param read: reads all of it, and tells whether anything is new.
    :param every_s: seconds from the end of one reading to the next where nobody lacks anything.
    """

    def __init__(
        self, name: str, every_s: float, read: Callable[[], bool], *, patience_s: float = PATIENCE_S
    ) -> None:
        self._read = read
        self._patience_s = patience_s
        self._round = Rounds(name, every_s, self._go)
        self._more = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._stopping = False
        self._succeeded = False
        self._began = self._due = self._changed_at = 0.0
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Read at once, and then again and again."""
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Finish the reading under way."""
        with self._more:
            self._stopping = True
            self._more.notify()
        self._thread.join(timeout_s)

    async def learn(self) -> bool:
        """Wait for a reading that begins from now on; tell whether there is news for whoever has just looked.

        :raises TimeoutError: if none is done in time: an outage, answered 503.
        :raises ConnectionError: if it failed: an outage as well.
        """
        loop = asyncio.get_running_loop()
        waiting = _Waiting(loop, loop.create_future())
        with self._more:
            if self._stopping or not self._thread.is_alive():
                return False
            self._waiting.append(waiting)
            self._more.notify()
        async with asyncio.timeout(self._patience_s):
            succeeded = await waiting.future
        if not succeeded:
            raise ConnectionError("what is known could not be read again")
        return time.monotonic() - self._changed_at < RECENT_S

    def _run(self) -> None:
        while True:
            waiting = self._gather()
            stopping, self._succeeded = self._stopping, False
            if not stopping:
                self._began = time.monotonic()
                pause_s = self._round.go_once()
                self._due = time.monotonic() + pause_s
            _tell(waiting, succeeded=self._succeeded)
            if stopping:
                return

    def _gather(self) -> Sequence[_Waiting]:
        """Wait until a reading is due, by rhythm or because somebody waits; give who waits."""
        with self._more:
            while not self._stopping:
                # One that failed keeps its pause: the database is not asked ten times a second to come back.
                hastened = self._waiting and self._succeeded
                due = min(self._due, self._began + LEAST_S) if hastened else self._due
                left_s = due - time.monotonic()
                if left_s <= 0:
                    break
                self._more.wait(left_s)
            waiting, self._waiting = self._waiting, []
            return waiting

    def _go(self) -> None:
        if self._read():
            self._changed_at = time.monotonic()
        self._succeeded = True


def _tell(waiting: Sequence[_Waiting], *, succeeded: bool) -> None:
    """Resolve every future on its own loop."""
    for loop, future in waiting:
        try:
            loop.call_soon_threadsafe(_resolve, future, succeeded)
        except RuntimeError:
            # The loop is closed: whoever waited there is gone.
            continue


def _resolve(future: "asyncio.Future[bool]", succeeded: bool) -> None:
    if not future.done():
        future.set_result(succeeded)
