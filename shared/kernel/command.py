"""The shape of a command and of what a decision returns. Refuses to know any service's nouns."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, Protocol

from shared.kernel.principal import Principal
from shared.kernel.refusal import Refusal
from shared.kernel.swift import swift

Row = tuple[str, str]
"""A row that can refuse, as a command names it: its noun and its id."""


@swift
@dataclass(frozen=True, slots=True)
class Key:
    """Under which name an answer is kept: once per scope (caller, or topic of an event) and key.

    `fingerprint` is a digest of the body: the same key with another fingerprint is refused.
    `event` tells that the key is the id of an event (a UUIDv7), kept apart for 35 days.
    """

    scope: str
    key: str
    fingerprint: bytes
    event: bool = False

    @property
    def name(self) -> str:
        """The inbox name: scope and key as one text."""
        return f"{self.scope} {self.key}"


@swift
@dataclass(frozen=True, slots=True)
class Nonce:
    """A number used once by a signer; `owner` is the request that used it, so its own retry is no replay."""

    name: str
    owner: str
    expires_at: datetime


@swift
@dataclass(frozen=True, slots=True)
class Heard:
    """Where in another service's story an event stands: its topic, the key of its row, the row's version."""

    topic: str
    key: str
    seq: int


@swift
@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked, under which key, in which trace.

    `id` is a canonical UUIDv7 that ends in three zeros; all that the command creates is named after it.
    """

    id: str
    key: Key | None = None
    principal: Principal | None = None
    nonce: Nonce | None = None
    heard: Heard | None = None
    traceparent: str | None = None

    def for_item(self, minted: str, key: str, digest: bytes) -> "Asked":
        """Ask for one item of a batch: the same caller and trace, an id and a key of the item's own."""
        assert self.key is not None, "only a keyed request has items"
        own = Key(self.key.scope, key, digest)
        return Asked(minted, own, self.principal, self.nonce, self.heard, self.traceparent)


@swift
@dataclass(frozen=True, slots=True)
class Needs:
    """What a command must have locked and loaded before it is decided.

    `naturals` are names that must be unique for ever (receipt, order); the desk locks them like keys.
    `rows` are locked; the service's memory knows each noun's rank. `facts` are only loaded.
    """

    naturals: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    facts: tuple[Row, ...] = ()


class Command(Protocol):
    """One thing to be done, whatever door it came through."""

    @property
    def asked(self) -> Asked:
        """Who asked, under which key, in which trace."""

    def needs(self) -> Needs:
        """State what must be locked and loaded."""


@swift
@dataclass(frozen=True, slots=True)
class Announcement:
    """An event to be published: `key` is the id of a row the command has locked, `seq` that row's version."""

    type: str
    key: str
    seq: int
    data: Mapping[str, Any]
    occurred_at: datetime


@swift
@dataclass(frozen=True, slots=True)
class Outcome:
    """What a decision returns: changes to be saved, the answer, events. It has touched nothing.

    `kept_by` is the id of a row in which one of the changes keeps this very answer for ever: the inbox then
    points there.
    """

    changes: tuple[Any, ...] = ()
    answer: Mapping[str, Any] = field(default_factory=dict)
    events: tuple[Announcement, ...] = ()
    kept_by: str | None = None

    def kept_in(self, id_: str) -> "Outcome":
        """Give the same, its answer kept in the row of that id."""
        return Outcome(self.changes, self.answer, self.events, id_)


class Postponed(Exception):
    """Raised by a decision that cannot be taken in this batch: the desk puts the command off to the next one.

    As with a row that is held elsewhere, whoever waits too long is told to come again. `rows` are locked for
    the command from then on; `wants` is what the service's memory supplies before the next batch.
    """

    def __init__(self, *, rows: Iterable[Row] = (), wants: Iterable[Any] = ()) -> None:
        super().__init__("put off to the next batch")
        self.rows = tuple(rows)
        self.wants = tuple(wants)


class Books(Protocol):
    """Frozen views of loaded facts; only the desk applies changes to them."""

    @property
    def now(self) -> datetime:
        """The batch's one clock reading, taken after the locks, in UTC."""

    def apply(self, changes: Iterable[Any]) -> None:
        """Carry out the changes of an accepted decision for the commands that follow in this batch."""


@swift
@dataclass(frozen=True, slots=True)
class Answer:
    """What whoever asked gets: canonical JSON, or a refusal, or (a defect of ours) neither."""

    json: bytes | None = None
    refusal: Refusal | None = None
    replayed: bool = False

    @property
    def defective(self) -> bool:
        """Tell whether a defect of ours left the command without an answer."""
        return self.json is None and self.refusal is None


def fingerprint(*parts: bytes | str) -> bytes:
    """Digest what was asked (16 bytes), each part set off from the next."""
    pieces: list[bytes] = []
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        pieces += (len(raw).to_bytes(8, "big"), raw)
    return blake2b(b"".join(pieces), digest_size=16).digest()


Obey = Callable[[Sequence[Command]], list[Answer]]
"""How whoever is no door hands commands to the desk: `desk.obey_all`."""
