"""The desk: one thread, one connection, one transaction for many commands.

It takes every waiting command (up to a limit), obeys them together and commits once; while one batch commits
the next one gathers. Every writer of a service uses a desk. Refuses to decide: decisions are pure functions.
"""

import asyncio
import os
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic

import psycopg2
import structlog
from psycopg2 import errors
from psycopg2.extensions import connection as Connection

from shared.kernel.command import Answer, Command, Row
from shared.kernel.note import NoteEvent, note_event
from shared.kernel.refusal import Busy, OutcomeUnknown
from shared.runtime.batch import Batch, Decision, late
from shared.runtime.batch_report import BatchReport, measured
from shared.runtime.memory import B, Memory
from shared.runtime.stretch import Stretch
from shared.runtime.waiting import AsyncGroup, Group, ThreadGroup, Ticket, wake_all

log = structlog.get_logger("desk")
AWAITED = (errors.LockNotAvailable, errors.TransactionTimeout)
ENTANGLED = (errors.DeadlockDetected, errors.SerializationFailure)
SEALED = "TF001"
TRY_PER_ROW = 16
BUSY_FROM = 8
_LOOK_S = 0.001
PLANS_S = 10.0
"""How long plans are kept: one made on small books would serve large ones until those are analyzed."""
DECISION_MAX_S = 5.0
"""How long a batch may be decided on: as long as its transaction lasts at most (`DESK_OPTIONS`)."""

DESK_OPTIONS = (
    "-c statement_timeout=2000 -c transaction_timeout=5000 -c lock_timeout=200"
    " -c synchronous_commit=on -c timezone=UTC -c jit=off"
    # Every statement of a desk goes by key; a plan made on empty tables must not scan them for ever.
    " -c plan_cache_mode=force_generic_plan"
    " -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off"
)


class Verdict(Enum):
    """What becomes of a batch that failed."""

    AGAIN = "again"
    HALVE = "halve"
    BUSY = "busy"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class DeskLimits:
    """How much one batch takes, how many may wait, and for how long (seconds)."""

    batch: int = 256
    waiting: int = 20_000
    patience_s: float = 2.0
    attempts: int = 3
    linger_s: float = 0.004
    """How long a busy desk lets the next batch grow; whoever comes alone is never made to wait."""


def _nothing(_: str) -> None:
    return None


def _activate(tickets: Sequence[Ticket], limit: int, *, alone: bool) -> int:
    """Choose which of the deferred tickets try again; the others only keep their place. Give how many try.

    Where many wait for a row held elsewhere they would fill every batch, and nobody else would be served:
    beside new commands a few per row try, and half a batch at most.
    """
    tried: Counter[Row] = Counter()
    left = limit if alone else max(1, limit // 2)
    active = 0
    for ticket in tickets:
        rows = ticket.needs.rows
        crowded = not alone and any(tried[row] >= TRY_PER_ROW for row in rows)
        ticket.passive = crowded or active >= left
        tried.update(rows)
        active += not ticket.passive
    return active


class Desk(Generic[B]):
    """A service's one writer.

    :param memory: how to load and save this service's facts.
    :param decisions: for each command class the pure function that decides it.
    :param connect: opens the desk's own direct connection (role desk, `DESK_OPTIONS`).
    :param reached: told each named point of a batch; tests stall or kill there.
    """

    def __init__(
        self,
        memory: Memory[B],
        decisions: Mapping[type, Decision],
        connect: Callable[[], Connection],
        limits: DeskLimits = DeskLimits(),
        *,
        committed: Callable[[], None] = lambda: None,
        reached: Callable[[str], None] = _nothing,
    ) -> None:
        self.memory = memory
        self.decisions: Mapping[type, Decision] = {NoteEvent: note_event, **decisions}
        self.limits = limits
        self._connect = connect
        self._committed = committed
        self._reached = reached
        self._connection: Connection | None = None
        self._planned_at = 0.0
        self.deciding = Stretch(DECISION_MAX_S)
        self._waiting: deque[Ticket] = deque()
        self._deferred: list[Ticket] = []
        self._wants: list[Any] = []
        self._more = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="desk", daemon=True)

    def start(self) -> None:
        """Open the desk: its thread takes commands from now on."""
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Obey what is waiting, then close."""
        with self._more:
            self._stopping = True
            self._more.notify()
        self._thread.join(timeout_s)

    async def ask(self, command: Command) -> Answer:
        """Hand in one command and await its answer."""
        return (await self.ask_all((command,)))[0]

    async def ask_all(self, commands: Sequence[Command], patience_s: float | None = None) -> list[Answer]:
        """Hand in commands that are obeyed in this order, and await all answers, in the same order."""
        if not commands:
            return []
        group = AsyncGroup(len(commands), asyncio.get_running_loop())
        if not self._hand_in(commands, group, patience_s):
            return [Answer(refusal=Busy())] * len(commands)
        return await group.future

    def obey_all(self, commands: Sequence[Command], patience_s: float = 30.0) -> list[Answer]:
        """Hand in commands from a thread (a poll, a job) and block until all are answered."""
        if not commands:
            return []
        group = ThreadGroup(len(commands))
        if not self._hand_in(commands, group, patience_s):
            return [Answer(refusal=Busy())] * len(commands)
        group.done.wait()
        return [answer for answer in group.answers if answer is not None]

    def _hand_in(self, commands: Sequence[Command], group: Group, patience_s: float | None) -> bool:
        since = time.monotonic()
        patience = self.limits.patience_s if patience_s is None else patience_s
        tickets = [Ticket(command, group, place, since, patience) for place, command in enumerate(commands)]
        with self._more:
            if self._stopping or len(self._waiting) + len(tickets) > self.limits.waiting:
                return False
            self._waiting.extend(tickets)
            self._more.notify()
        return True

    def _run(self) -> None:
        try:
            while True:
                tickets = self._gather()
                if tickets is None:
                    return
                self._serve(tickets)
                self._linger(len(tickets) - len(self._deferred))
        except BaseException:
            # Without its desk a service takes commands that nobody obeys: the supervisor starts a fresh one.
            log.critical("desk.died", exc_info=True)
            os._exit(70)
        finally:
            self._hang_up()

    def _linger(self, obeyed: int) -> None:
        """Begin the next batch once as many wait as the last one had, or after a moment.

        A batch costs as much as some ten commands before it has one: whoever was just answered asks again.
        Whoever was put off asks nothing more, and waits already.
        """
        if obeyed < BUSY_FROM:
            return
        until = time.monotonic() + self.limits.linger_s
        while (
            len(self._waiting) + len(self._deferred) < obeyed
            and not self._stopping
            and time.monotonic() < until
        ):
            time.sleep(_LOOK_S)

    def _gather(self) -> list[Ticket] | None:
        """Take what was deferred, then what waits, up to the limit; None when stopped and empty."""
        with self._more:
            if self._deferred and not self._waiting:
                # Whoever holds the row elsewhere needs a moment: do not spin on it.
                self._more.wait(0.002)
            while not self._waiting and not self._deferred:
                if self._stopping:
                    return None
                self._more.wait()
            tickets, self._deferred = self._deferred, []
            room = self.limits.batch - _activate(tickets, self.limits.batch, alone=not self._waiting)
            while self._waiting and room > 0:
                tickets.append(self._waiting.popleft())
                room -= 1
        return tickets

    def _serve(self, tickets: Sequence[Ticket]) -> None:
        present = time.monotonic()
        answers: list[tuple[Ticket, Answer]] = []
        fresh: list[Ticket] = []
        for ticket in tickets:
            if present - (ticket.deferred_at or ticket.since) < ticket.patience_s:
                fresh.append(ticket)
            else:
                answers.append((ticket, late(ticket) if ticket.deferred_at else Answer(refusal=Busy())))
        if fresh:
            answers.extend(self._obey(fresh))
        self._tell(answers)

    def _tell(self, answers: Sequence[tuple[Ticket, Answer]]) -> None:
        self._reached("desk.before_answer")
        finished = []
        for ticket, answer in answers:
            if not ticket.answered:
                ticket.answered = True
                if ticket.group.take(ticket.place, answer):
                    finished.append(ticket.group)
        wake_all(finished)

    def _obey(self, tickets: Sequence[Ticket], deadline: float | None = None) -> list[tuple[Ticket, Answer]]:
        """Obey the tickets in one transaction; halve one that fails: a poisoned command harms only itself."""
        until = deadline or time.monotonic() + self.limits.patience_s
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._transact(tickets)
            except Exception as fault:  # noqa: BLE001 (whatever it is, it costs one command and is logged)
                verdict = self._judged(fault, attempt, late=time.monotonic() > until)
                self._roll_back()
                if verdict is Verdict.HALVE:
                    return self._halved(tickets, until, fault)
                if verdict is not Verdict.AGAIN:
                    refusal = OutcomeUnknown() if verdict is Verdict.UNKNOWN else Busy()
                    return [(ticket, Answer(refusal=refusal)) for ticket in tickets]
                if self._connection_lost():
                    self._hang_up()
                    time.sleep(0.05)

    def _judged(self, fault: Exception, attempt: int, *, late: bool) -> Verdict:
        """Tell what becomes of a batch that failed: it is obeyed again, halved, or refused for now."""
        if not isinstance(fault, psycopg2.Error):
            return Verdict.HALVE
        if self._connection_lost():
            return Verdict.UNKNOWN if late else Verdict.AGAIN
        if isinstance(fault, errors.DiskFull):
            return Verdict.BUSY
        if isinstance(fault, AWAITED):
            # Whoever holds that is no command of ours: to halve would ask the same question 512 times.
            return Verdict.BUSY if late else Verdict.AGAIN
        if isinstance(fault, errors.QueryCanceled):
            return Verdict.BUSY if late and attempt > 1 else Verdict.HALVE
        if (isinstance(fault, ENTANGLED) or fault.pgcode == SEALED) and attempt <= self.limits.attempts:
            return Verdict.AGAIN
        return Verdict.HALVE

    def _halved(
        self, tickets: Sequence[Ticket], deadline: float, fault: Exception
    ) -> list[tuple[Ticket, Answer]]:
        if len(tickets) == 1:
            command = tickets[0].command
            if isinstance(fault, psycopg2.OperationalError):
                # The database could not, for want of time or room: the command may be as good as any.
                log.warning("desk.unserved", command=type(command).__name__, id=command.asked.id)
                return [(tickets[0], Answer(refusal=Busy()))]
            log.error("desk.poisoned", command=type(command).__name__, id=command.asked.id, exc_info=fault)
            return [(tickets[0], Answer())]
        middle = len(tickets) // 2
        first = self._obey(tickets[:middle], deadline)
        # What the first half deferred goes first, or somebody overtakes their own predecessor.
        held, self._deferred = self._deferred, []
        return [*first, *self._obey([*held, *tickets[middle:]], deadline)]

    def _transact(self, tickets: Sequence[Ticket]) -> list[tuple[Ticket, Answer]]:
        began = time.monotonic()
        batch = Batch(tickets, self.decisions)
        connection = self._opened()
        self._supply(connection)
        self._reached("desk.claim")
        with connection.cursor() as cursor:
            if began - self._planned_at > PLANS_S:
                cursor.execute("DISCARD PLANS")
                self._planned_at = began
            loaded = self.memory.load(cursor, batch.claims)
            self._reached("desk.load")
            read = time.monotonic()
            with self.deciding:
                batch.decide(loaded)
            decided = time.monotonic()
            self.memory.save(cursor, loaded, batch.record)
        self._reached("desk.save")
        saved = time.monotonic()
        self._reached("desk.before_commit")
        connection.commit()
        ended = time.monotonic()
        self._defer(batch.deferred, ended)
        self._wants.extend(batch.wants)
        waited = began - tickets[0].since
        self._tell_committed(
            BatchReport(
                len(tickets),
                len(batch.deferred),
                waited,
                read - began,
                decided - read,
                saved - decided,
                ended - saved,
            )
        )
        return batch.answers

    def _supply(self, connection: Connection) -> None:
        """Let the memory provide what the last batch lacked; without it those who want it only wait again."""
        wants, self._wants = self._wants, []
        if not wants:
            return
        try:
            with connection.cursor() as cursor:
                self.memory.supply(cursor, wants)
            self._reached("desk.supply")
            connection.commit()
        except psycopg2.Error:
            if connection.closed:
                raise
            log.warning("desk.not_supplied", wants=len(wants), exc_info=True)
            connection.rollback()

    def _tell_committed(self, report: BatchReport) -> None:
        """Wake the relay and let metrics know; what fails here comes too late to fail anybody's command."""
        try:
            self._reached("desk.after_commit")
            self._committed()
            measured(report)
        except Exception:
            log.exception("desk.committed_unheard")

    def _defer(self, tickets: Sequence[Ticket], moment: float) -> None:
        for ticket in tickets:
            ticket.deferred_at = ticket.deferred_at or moment
        self._deferred = [*self._deferred, *tickets]

    def _opened(self) -> Connection:
        if self._connection is None:
            self._connection, self._planned_at = self._connect(), time.monotonic()
        return self._connection

    def _connection_lost(self) -> bool:
        return self._connection is None or self._connection.closed != 0

    def _roll_back(self) -> None:
        try:
            if self._connection is not None and not self._connection.closed:
                self._connection.rollback()
        except psycopg2.Error:
            self._hang_up()

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and not connection.closed:
            connection.close()
