"""A command that only draws from limits: the slices are tried without any business around them."""

import multiprocessing
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from services.points.commands import DECISIONS
from services.points.domain.books import LedgerBooks
from services.points.domain.limit import Wish, draw
from services.points.store.ledger import LedgerMemory
from shared.kernel.command import Asked, Needs, Outcome
from shared.runtime.batch import Decision
from shared.runtime.database import connect
from shared.runtime.desk import DESK_OPTIONS, Desk
from tests.service.points.ledger_house import asked

WINDOW = "2017-01"


@dataclass(frozen=True, slots=True)
class DrawOnly:
    """Draw from windows of January: for each its limit, its total by the rules, and an amount.

    Without `row_first` the decision finds out itself which slices it needs, as most do.
    """

    asked: Asked
    amounts: tuple[tuple[str, int, int], ...]
    row_first: bool = True

    @property
    def wishes(self) -> list[Wish]:
        """The wishes of the command."""
        return [Wish(limit, WINDOW, total, amount, self.asked.id) for limit, total, amount in self.amounts]

    def needs(self) -> Needs:
        """Need the slices, if they are known from the beginning."""
        return Needs(rows=tuple(wish.row for wish in self.wishes) if self.row_first else ())


def draw_only(books: LedgerBooks, command: DrawOnly) -> Outcome:
    """Draw all of it or nothing."""
    drawn = draw(books.limits, command.wishes)
    return Outcome(drawn, {"drawn": sum(one.wish.amount for one in drawn)})


WITH_DRAWING = {**DECISIONS, DrawOnly: draw_only}


def drawing(limit: str, total: int, amount: int = 1, *, row_first: bool = True) -> DrawOnly:
    """Make a command that draws from one window."""
    return DrawOnly(asked(), ((limit, total, amount),), row_first)


def _dying(url: str, point: str, times: int, commands: Sequence[DrawOnly]) -> None:
    seen: list[str] = []

    def reached(here: str) -> None:
        seen.append(here)
        if seen.count(point) == times:
            os._exit(9)

    table = cast(dict[type, Decision], WITH_DRAWING)
    desk = Desk(LedgerMemory(), table, lambda: connect(url, DESK_OPTIONS), reached=reached)
    desk.start()
    desk.obey_all(commands)


def killed_at(url: str, point: str, times: int, commands: Sequence[DrawOnly]) -> int | None:
    """Let a process draw and die where its desk reaches the point that many times; give its exit code."""
    process = multiprocessing.get_context("spawn").Process(target=_dying, args=(url, point, times, commands))
    process.start()
    process.join(30)
    return process.exitcode
