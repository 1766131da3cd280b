"""Who waits at the desk: tickets, and the groups they were handed in with. Refuses to know about SQL."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from shared.kernel.command import Answer, Command, Needs, Row


class Group(Protocol):
    """Commands handed in together by one door, answered together."""

    def take(self, place: int, answer: Answer) -> bool:
        """Keep the answer at its place; tell whether the whole group is answered now."""

    def wake(self) -> None:
        """Tell the door that all answers are there."""


class Ticket:
    """One command at the desk: since when (monotonic seconds), and whether it was deferred.

    `passive` tickets only keep their place in a batch: nobody behind them gets their rows, nor do they.
    """

    __slots__ = (
        "_needs",
        "answered",
        "command",
        "deferred_at",
        "group",
        "passive",
        "patience_s",
        "place",
        "since",
    )

    def __init__(self, command: Command, group: Group, place: int, since: float, patience_s: float) -> None:
        self.command = command
        self.group = group
        self.place = place
        self.since = since
        self.patience_s = patience_s
        self.deferred_at: float | None = None
        self.answered = False
        self.passive = False
        self._needs: Needs | None = None

    @property
    def needs(self) -> Needs:
        """What its command needs, asked once however often it is put off."""
        if self._needs is None:
            self._needs = self.command.needs()
        return self._needs

    def widen(self, rows: Sequence[Row]) -> None:
        """Need these rows as well from now on: what its decision found out that it needs."""
        needs = self.needs
        self._needs = replace(needs, rows=tuple(dict.fromkeys((*needs.rows, *rows))))


class AsyncGroup:
    """Commands of an async door: its future is resolved on its own loop."""

    __slots__ = ("answers", "future", "left", "loop")

    def __init__(self, count: int, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.future: asyncio.Future[list[Answer]] = loop.create_future()
        self.answers: list[Answer | None] = [None] * count
        self.left = count

    def take(self, place: int, answer: Answer) -> bool:
        """Keep the answer at its place; tell whether the whole group is answered now."""
        self.answers[place] = answer
        self.left -= 1
        return self.left == 0

    def wake(self) -> None:
        """Resolve the future; must run on the group's own loop."""
        if not self.future.done():
            self.future.set_result([answer for answer in self.answers if answer is not None])


class ThreadGroup:
    """Commands of a thread (a consumer's poll, a job): it blocks until all are answered."""

    __slots__ = ("answers", "done", "left")

    def __init__(self, count: int) -> None:
        self.done = threading.Event()
        self.answers: list[Answer | None] = [None] * count
        self.left = count

    def take(self, place: int, answer: Answer) -> bool:
        """Keep the answer at its place; tell whether the whole group is answered now."""
        self.answers[place] = answer
        self.left -= 1
        return self.left == 0

    def wake(self) -> None:
        """Let the waiting thread go on."""
        self.done.set()


def wake_all(groups: Sequence[Group]) -> None:
    """Wake every finished group; each event loop is woken once, not once per answer."""
    loops: dict[asyncio.AbstractEventLoop, list[AsyncGroup]] = {}
    for group in groups:
        if isinstance(group, AsyncGroup):
            loops.setdefault(group.loop, []).append(group)
        else:
            group.wake()
    for loop, finished in loops.items():
        try:
            loop.call_soon_threadsafe(_wake_each, finished)
        except RuntimeError:
            # The loop is closed: whoever waited there is gone, and the answer is kept in the inbox.
            continue


def _wake_each(groups: list[AsyncGroup]) -> None:
    for group in groups:
        group.wake()
