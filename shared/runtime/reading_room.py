"""The reading room: many questions of one kind that wait at the same moment are answered in one round trip.

One thread with its own read-only connection takes every waiting question (up to a limit), asks the database
for all of them together and wakes the event loop once; while one batch is answered the next one gathers.
Refuses to know whose rows a question may see: what it calls keeps each question behind its own policy.
"""

import asyncio
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

import psycopg2
import structlog
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

log = structlog.get_logger("reading-room")
Q = TypeVar("Q")
A = TypeVar("A")

BATCH = 64
"""How many questions one batch takes; as many connections as one process is usually asked on."""

WAITING_MAX = 10_000
PATIENCE_S = 2.0


class Asking(NamedTuple, Generic[Q, A]):
    """One question, since when it waits (monotonic seconds), and where its answer is awaited."""

    question: Q
    since: float
    future: "asyncio.Future[A]"
    loop: asyncio.AbstractEventLoop


class ReadingRoom(Generic[Q, A]):
    """Answers questions of one kind in batches.

    :param answers: asks for all questions of a batch and gives their answers in the same order.
    :param connect: opens the room's own connection (role reader), in which each statement is a transaction.
    """

    def __init__(
        self,
        answers: Callable[[Cursor, Sequence[Q]], Sequence[A]],
        connect: Callable[[], Connection],
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._answers = answers
        self._connect = connect
        self._patience_s = patience_s
        self._connection: Connection | None = None
        self._waiting: deque[Asking[Q, A]] = deque()
        self._more = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="reading-room", daemon=True)

    def start(self) -> None:
        """Open the room: its thread takes questions from now on."""
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Answer what is waiting, then close."""
        with self._more:
            self._stopping = True
            self._more.notify()
        self._thread.join(timeout_s)

    async def ask(self, question: Q) -> A:
        """Ask one question and await its answer.

        :raises TimeoutError: if it waited too long, or too many wait: an outage, answered 503.
        """
        loop = asyncio.get_running_loop()
        asking: Asking[Q, A] = Asking(question, time.monotonic(), loop.create_future(), loop)
        with self._more:
            if self._stopping or len(self._waiting) >= WAITING_MAX:
                raise TimeoutError("the reading room is full")
            self._waiting.append(asking)
            self._more.notify()
        return await asking.future

    def _run(self) -> None:
        try:
            while (batch := self._gather()) is not None:
                self._serve(batch)
        except BaseException:
            # Nobody else would answer: the supervisor starts a fresh process.
            log.critical("reading-room.died", exc_info=True)
            os._exit(70)
        finally:
            self._hang_up()

    def _gather(self) -> list[Asking[Q, A]] | None:
        """Take what waits, up to the limit; None when stopped and empty."""
        with self._more:
            while not self._waiting:
                if self._stopping:
                    return None
                self._more.wait()
            return [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]

    def _serve(self, batch: Sequence[Asking[Q, A]]) -> None:
        oldest = time.monotonic() - self._patience_s
        fresh = [one for one in batch if one.since >= oldest]
        late: list[A | Exception] = [TimeoutError("nobody came to answer")] * (len(batch) - len(fresh))
        # The oldest come first, so those that are late stand in front.
        _tell(batch, [*late, *self._answered([one.question for one in fresh])])

    def _answered(self, questions: Sequence[Q], *, again: bool = True) -> Sequence[A | Exception]:
        """Answer questions, whatever happens; one that cannot be answered harms no other."""
        if not questions:
            return ()
        try:
            with self._opened().cursor() as cursor:
                return self._answers(cursor, questions)
        except Exception as fault:  # noqa: BLE001 - whatever it is, whoever asked is told
            if self._connection is None or self._connection.closed:
                # A restart of the database closes it: what was only read is read again, once.
                self._hang_up()
                return self._answered(questions, again=False) if again else [fault] * len(questions)
            if len(questions) == 1:
                return [fault]
            if isinstance(fault, psycopg2.OperationalError):
                return [fault] * len(questions)
            return [answer for one in questions for answer in self._answered([one], again=again)]

    def _opened(self) -> Connection:
        if self._connection is None:
            self._connection = self._connect()
            self._connection.autocommit = True
        return self._connection

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and not connection.closed:
            connection.close()


def _tell(batch: Sequence[Asking[Q, A]], answers: Sequence[A | Exception]) -> None:
    """Resolve every future on its own loop; each loop is woken once, not once per answer."""
    loops: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[A], A | Exception]]] = {}
    for asking, answer in zip(batch, answers, strict=True):
        loops.setdefault(asking.loop, []).append((asking.future, answer))
    for loop, told in loops.items():
        try:
            loop.call_soon_threadsafe(_resolve, told)
        except RuntimeError:
            # The loop is closed: whoever waited there is gone.
            continue


def _resolve(told: Sequence[tuple["asyncio.Future[A]", A | Exception]]) -> None:
    for future, answer in told:
        if future.done():
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
