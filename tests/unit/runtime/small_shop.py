"""A service of a dozen lines without a database: boxes that are counted up, and a memory that can be held.

What a real memory asks PostgreSQL, this one looks up in sets: who holds which name and which row elsewhere.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg2.extensions import cursor as Cursor

from shared.kernel.command import (
    Announcement,
    Asked,
    Heard,
    Key,
    Needs,
    Nonce,
    Outcome,
    Postponed,
    Row,
    fingerprint,
)
from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words
from shared.runtime.batch import Batch
from shared.runtime.clock import mint_id
from shared.runtime.memory import Claim, First, Loaded, Record
from shared.runtime.waiting import ThreadGroup, Ticket

NOW = datetime(2017, 1, 20, 4, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)


class BoxFull(Refusal):
    """The box holds as much as it can: a no that is kept."""

    kind = Kind.CONFLICT
    code = "test-box-full"
    title = Words("箱满", "The box is full")
    advice = Words("换一个箱子。", "Take another box.")


class BoxShut(Refusal):
    """The box is shut for now: a no that is never kept."""

    kind = Kind.CONFLICT
    code = "test-box-shut"
    retryable = True
    title = Words("箱子暂时关闭", "The box is shut")
    advice = Words("稍后再试。", "Try again.")


@dataclass(frozen=True, slots=True)
class Fill:
    """Put some into a box; `mood` says how the decision ends."""

    asked: Asked
    box: str
    amount: int
    mood: str = "fine"
    naturals: tuple[str, ...] = ()

    def needs(self) -> Needs:
        """Need the box."""
        return Needs(naturals=self.naturals, rows=(("box", self.box),))


@dataclass(slots=True)
class Boxes:
    """The books: how much is in each box."""

    now: datetime
    inside: dict[str, int]
    applied: list[tuple[str, int]] = field(default_factory=list)
    lids: set[str] = field(default_factory=set)
    supplied: set[str] = field(default_factory=set)

    def apply(self, changes: Iterable[Any]) -> None:
        """Carry out the changes."""
        for box, amount in changes:
            self.inside[box] = self.inside.get(box, 0) + amount
            self.applied.append((box, amount))


def fill(books: Boxes, command: Fill) -> Outcome:
    """Decide how the mood says; a defect comes after a first thought."""
    if command.mood == "full":
        raise BoxFull(changes=[("refusals", 1)], box=command.box)
    if command.mood == "shut":
        raise BoxShut()
    if command.mood == "later" and not books.inside:
        raise Postponed
    if command.mood == "broken":
        raise ZeroDivisionError
    if command.mood == "wanting" and command.box not in books.lids:
        raise Postponed(rows=[("lid", command.box)])
    if command.mood == "wanting" and command.box not in books.supplied:
        raise Postponed(wants=[command.box])
    inside = books.inside.get(command.box, 0) + command.amount
    event = Announcement(
        "points.month.sealed",
        command.box,
        inside,
        {"month": "2017-01", "net_fen": {"hotel": inside}},
        books.now,
    )
    return Outcome(((command.box, command.amount),), {"box": command.box, "inside": inside}, (event,))


@dataclass(slots=True)
class Shelf:
    """The memory: what was saved, and which names and rows somebody else holds."""

    inside: dict[str, int] = field(default_factory=dict)
    first: dict[str, First] = field(default_factory=dict)
    events: set[str] = field(default_factory=set)
    heard: dict[tuple[str, str], int] = field(default_factory=dict)
    nonces: dict[str, str] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    locks: Mapping[str, str] = field(default_factory=dict)
    batches: list[list[str]] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)
    outgoing: list[str] = field(default_factory=list)
    supplied: list[str] = field(default_factory=list)
    dearths: list[Exception] = field(default_factory=list)

    def supply(self, cursor: Cursor | None, wants: Sequence[str]) -> None:
        """Provide what is wanted, or fail as planned."""
        if self.dearths:
            raise self.dearths.pop(0)
        self.supplied.extend(wants)

    def load(self, cursor: Cursor | None, claims: Sequence[Claim]) -> Loaded[Boxes]:
        """Obtain what nobody else holds, and look up the rest."""
        names = {name for claim in claims for name in claim.names}
        rows: set[Row] = {row for claim in claims for row in claim.needs.rows}
        self.batches.append(
            [claim.command.asked.id for claim in claims if claim.names or not claim.needs.rows]
        )
        return Loaded(
            books=Boxes(
                NOW,
                dict(self.inside),
                lids={name for noun, name in rows if noun == "lid"},
                supplied=set(self.supplied),
            ),
            obtained={name for name in names if name not in self.held},
            locks={row: self.locks.get(row[1], row[1]) for row in rows if row[1] not in self.held},
            first={name: answer for name, answer in self.first.items() if name in names},
            events=set(self.events),
            heard=dict(self.heard),
            nonces=dict(self.nonces),
        )

    def save(self, cursor: Cursor | None, loaded: Loaded[Boxes], record: Record) -> None:
        """Keep what the batch leaves, or fail as planned."""
        if self.faults:
            raise self.faults.pop(0)
        if any(amount == POISON for _, amount in loaded.books.applied):
            raise ValueError("poison")
        self.inside = dict(loaded.books.inside)
        for kept in record.kept:
            assert kept.name not in self.first, "an answer is kept once"
            self.first[kept.name] = First(kept.fingerprint, kept.refused, kept.answer)
        self.events |= {event for event, _ in record.events}
        self.heard.update({place: one.seq for place, one in record.heard.items()})
        self.nonces.update({name: nonce.owner for name, nonce in record.nonces.items()})
        self.outgoing += [one.event_id for one in record.outgoing]


POISON = 666
DECISIONS: Mapping[type, Callable[[Any, Any], Outcome]] = {Fill: fill}


def asked(key: str | None = None, body: str = "", **more: Any) -> Asked:
    """Make the head of a command; without a key it is asked without one."""
    return Asked(mint_id(), Key("shop", key, fingerprint(body)) if key else None, **more)


def heard(event: str, seq: int, key: str = "row") -> Asked:
    """Make the head of a command that an event brought."""
    return Asked(mint_id(), Key("topic", event, b"", event=True), heard=Heard("topic", key, seq))


def signed(nonce: str, owner: str, key: str) -> Asked:
    """Make the head of a signed command."""
    return asked(key, nonce=Nonce(nonce, owner, LATER))


def tickets(*commands: Fill) -> list[Ticket]:
    """Hand the commands in, without a desk."""
    group = ThreadGroup(len(commands))
    return [Ticket(command, group, place, 0.0, 2.0) for place, command in enumerate(commands)]


def obey(shelf: Shelf, waiting: Sequence[Ticket]) -> Batch:
    """Obey tickets as one batch on the shelf."""
    batch = Batch(waiting, DECISIONS)
    loaded = shelf.load(None, batch.claims)
    batch.decide(loaded)
    shelf.save(None, loaded, batch.record)
    return batch


def until(condition: Callable[[], object]) -> None:
    """Wait until the condition holds, for 5 s at most."""
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.001)
