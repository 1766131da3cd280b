"""A service that only counts: a real desk over a real database, for the tests of the machinery around it.

Every effect is a row, so an event obeyed twice shows as two rows, one obeyed too early shows in their order.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg2
from psycopg2.extensions import cursor as Cursor

from contracts.event import Event
from contracts.member import ClientRevoked
from shared.kernel.command import Asked, Command, Needs, Outcome
from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words
from shared.runtime import clock
from shared.runtime.desk import DESK_OPTIONS, Desk
from shared.runtime.memory import Claim, Loaded, Record, claim_parameters, claimed, record_parameters
from tests import stack

TABLE = """
CREATE TABLE effects (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text NOT NULL, seq bigint NOT NULL
);
GRANT SELECT, INSERT ON effects TO points_desk;
"""


@dataclass(frozen=True, slots=True)
class Count:
    """An event was heard."""

    asked: Asked
    client: str

    def needs(self) -> Needs:
        """Need nothing: the desk lets one event of a key in at a time."""
        return Needs()


class Unwanted(Refusal):
    """The test says no for now."""

    kind = Kind.CONFLICT
    code = "test-unwanted"
    title = Words("测试", "Test")
    advice = Words("测试", "Test")


@dataclass(slots=True)
class CountingBooks:
    """What a batch adds."""

    now: datetime
    added: list[tuple[str, int]] = field(default_factory=list)

    def apply(self, changes: Iterable[Any]) -> None:
        """Take up the effects of an accepted command."""
        self.added.extend(changes)


class CountingMemory:
    """The frame and one table of effects."""

    def load(self, cursor: Cursor, claims: Sequence[Claim]) -> Loaded[CountingBooks]:
        """Obtain names and first answers; there are no rows to lock."""
        cursor.execute(
            "SELECT frame_claim(%s::text[], %s::text[], %s::uuid[], %s::text[], %s::text[], %s::text[])",
            claim_parameters(claims),
        )
        found = cursor.fetchone()[0]
        return Loaded(CountingBooks(clock.now()), locks={}, **claimed(found, claims))

    def save(self, cursor: Cursor, loaded: Loaded[CountingBooks], record: Record) -> None:
        """Write the effects, then the record."""
        for effect in loaded.books.added:
            cursor.execute("INSERT INTO effects (key, seq) VALUES (%s, %s)", effect)
        types = (
            "text[] bytea[] boolean[] text[] uuid[] text[] text[] text[] bigint[] text[] uuid[] timestamptz[]"
            " uuid[] text[] text[] bigint[] timestamptz[] text[] text[]"
        ).split()
        cursor.execute(
            f"SELECT frame_save({', '.join(f'%s::{kind}' for kind in types)})", record_parameters(record)
        )

    def supply(self, cursor: Cursor, wants: Sequence[Any]) -> None:
        """Provide nothing: whoever counts wants nothing."""


class Counting:
    """The service: its listeners, its desk, and a switch by which a test refuses or breaks on a client."""

    def __init__(self, database: stack.Database) -> None:
        self.database = database
        self.refused: set[str] = set()
        self.broken: set[str] = set()
        self.stall: Callable[[], None] = lambda: None
        self.listeners = {"member.client.revoked": self.on_client_revoked}
        self.desk: Desk[CountingBooks] = self.make_desk()

    def make_desk(self) -> Desk[CountingBooks]:
        """Make another desk on the same database, started."""
        url = self.database.url("desk")
        desk = Desk(
            CountingMemory(), {Count: self.count}, lambda: psycopg2.connect(url, options=DESK_OPTIONS)
        )
        desk.start()
        return desk

    def on_client_revoked(self, event: Event[ClientRevoked], asked: Asked) -> Command:
        """Count it."""
        self.stall()
        return Count(asked, event.data.client)

    def count(self, _: CountingBooks, command: Count) -> Outcome:
        """Count once, unless the test says no."""
        if command.client in self.refused:
            raise Unwanted(client=command.client)
        if command.client in self.broken:
            raise RuntimeError("broken by the test")
        assert command.asked.heard is not None
        return Outcome(changes=((command.asked.heard.key, command.asked.heard.seq),))

    def effects(self) -> dict[str, list[int]]:
        """Give per key the versions in the order in which they took effect."""
        found: dict[str, list[int]] = {}
        for key, seq in stack.rows(self.database.url("desk"), "SELECT key, seq FROM effects ORDER BY id"):
            found.setdefault(str(key), []).append(int(str(seq)))
        return found

    def heard(self, key: str) -> int | None:
        """Give the last version heard of a key."""
        rows = stack.rows(self.database.url("desk"), "SELECT seq FROM heard WHERE key = %s", key)
        return int(str(rows[0][0])) if rows else None

    def parked_causes(self) -> list[tuple[str, str]]:
        """List what is parked: key and the first word of the cause, in order."""
        rows = stack.rows(
            self.database.url("desk"),
            "SELECT key, split_part(cause, ':', 1) FROM parked WHERE healed_at IS NULL"
            " ORDER BY key, position",
        )
        return [(str(key), str(cause)) for key, cause in rows]


class Stall:
    """Holds a listener until the test lets go; used to outlast an interval."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.go_on = threading.Event()

    def __call__(self) -> None:
        """Hold whoever comes first."""
        if not self.reached.is_set():
            self.reached.set()
            self.go_on.wait(30)
