"""What a process of a crowd runs: a desk of its own and many clients that ask it one thing after the other.

A client that is told to come again comes again with the same key, as a till does.
"""

import multiprocessing
import os
import random
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, cast

import orjson

from services.points.commands import DECISIONS
from services.points.domain.books import LedgerBooks
from services.points.store.ledger import LedgerMemory
from shared.kernel.command import Answer, Command
from shared.runtime.batch import Decision
from shared.runtime.database import connect
from shared.runtime.desk import DESK_OPTIONS, Desk, DeskLimits
from tests.service.points.ledger_house import code_of, earn, redeem_up_to


@dataclass(frozen=True, slots=True)
class Errand:
    """What one process of the crowd does: its clients, the wallets they use and the unit they shop at."""

    url: str
    place: int
    clients: int
    rounds: int
    numbers: tuple[str, ...]
    unit: str


@dataclass(slots=True)
class Tally:
    """What a process was answered: codes, points earned and fen paid, and how long each client waited."""

    codes: Counter[str] = field(default_factory=Counter)
    earned: int = 0
    paid: int = 0
    waits: list[float] = field(default_factory=list)

    def add(self, other: "Tally") -> "Tally":
        """Give both tallies as one."""
        return Tally(
            self.codes + other.codes,
            self.earned + other.earned,
            self.paid + other.paid,
            self.waits + other.waits,
        )


def open_desk(url: str, reached: Any = lambda _: None) -> Desk[LedgerBooks]:
    """Open a desk with the patience of a door."""
    table = cast(dict[type, Decision], DECISIONS)
    desk = Desk(
        LedgerMemory(), table, lambda: connect(url, DESK_OPTIONS), DeskLimits(patience_s=2.0), reached=reached
    )
    desk.start()
    return desk


def work(errand: Errand) -> Tally:
    """Open a desk and let the clients of this process work at it."""
    desk = open_desk(errand.url)
    with ThreadPoolExecutor(errand.clients) as pool:
        tallies = pool.map(lambda client: _client(desk, errand, client), range(errand.clients))
        whole = Tally()
        for one in tallies:
            whole = whole.add(one)
    desk.stop()
    return whole


def _client(desk: Desk[LedgerBooks], errand: Errand, client: int) -> Tally:
    tally, name = Tally(), f"{errand.place}-{client}"
    chance = random.Random(name)
    for round_ in range(errand.rounds):
        number = chance.choice(errand.numbers)
        command: Command
        if round_ % 3 == 0:
            command = earn(
                "office", number, 200 * chance.randrange(0, 300), f"crowd-{number}-{name}-{round_}"
            )
        else:
            order = f"crowd-{number}-{name}-{round_}"
            command = redeem_up_to(f"office:{number}", errand.unit, order, chance.randrange(100, 400))
        began = time.monotonic()
        answer = _insist(desk, command, tally.codes)
        tally.waits.append(time.monotonic() - began)
        if answer.json is not None:
            told = orjson.loads(answer.json)
            tally.earned += told.get("points", 0)
            tally.paid += told.get("paid_fen", 0)
    return tally


def _insist(desk: Desk[LedgerBooks], command: Command, codes: Counter[str]) -> Answer:
    while True:
        (answer,) = desk.obey_all([command], patience_s=2.0)
        codes[code_of(answer)] += 1
        if answer.refusal is None or not answer.refusal.retryable:
            return answer


def run(errands: Sequence[Errand]) -> Tally:
    """Run every errand in a process of its own and add up what they were answered."""
    whole = Tally()
    with multiprocessing.get_context("spawn").Pool(len(errands)) as pool:
        for one in pool.map(work, errands):
            whole = whole.add(one)
    return whole


def die_at(url: str, point: str, commands: Sequence[Command]) -> None:
    """Obey the commands and end this process at once when the desk reaches the point."""

    def reached(here: str) -> None:
        if here == point:
            os._exit(9)

    open_desk(url, reached).obey_all(commands)


def killed_at(url: str, point: str, commands: Sequence[Command]) -> int | None:
    """Let a process of its own obey the commands and die at that point; give its exit code."""
    process = multiprocessing.get_context("spawn").Process(target=die_at, args=(url, point, commands))
    process.start()
    process.join(30)
    return process.exitcode
