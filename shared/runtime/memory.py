"""What a service gives its desk: how to claim, lock, load and save, in two round trips a batch.

The generic part (keys, first answers, nonces, heard events, outbox) is two SQL functions, `frame_claim` and
`frame_save` (shared/runtime/frame.py), that a service calls inside its own. Refuses to decide anything.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

import orjson
from psycopg2.extensions import cursor as Cursor

from shared.kernel.command import Books, Command, Heard, Needs, Nonce, Row
from shared.kernel.swift import swift

B = TypeVar("B", bound=Books)


@dataclass(slots=True)
class Claim:
    """A command on its way into a batch: what it needs, and every name it must obtain first."""

    command: Command
    needs: Needs
    names: tuple[str, ...]


@swift
@dataclass(frozen=True, slots=True)
class First:
    """The answer that a key got the first time."""

    fingerprint: bytes
    refused: bool
    answer: str


@dataclass(slots=True)
class Loaded(Generic[B]):
    """What one batch found; `locks` gives the name of the lock held for each needed row that was obtained."""

    books: B
    obtained: set[str]
    locks: Mapping[Row, str]
    first: Mapping[str, First] = field(default_factory=dict)
    events: set[str] = field(default_factory=set)
    heard: dict[tuple[str, str], int] = field(default_factory=dict)
    nonces: dict[str, str] = field(default_factory=dict)


@swift
@dataclass(frozen=True, slots=True)
class Kept:
    """An answer to be kept in the inbox."""

    name: str
    fingerprint: bytes
    refused: bool
    answer: str


@swift
@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event to be written to the outbox; `data` is JSON."""

    event_id: str
    type: str
    key: str
    seq: int
    occurred_at: datetime
    data: str
    traceparent: str | None


@dataclass(slots=True)
class Record:
    """What one batch leaves beside the service's own changes.

    `written` has the JSON of answers by the identity of the mapping they were written from: whoever keeps one
    in a row of its own need not write it again.
    """

    kept: list[Kept] = field(default_factory=list)
    events: list[tuple[str, str]] = field(default_factory=list)
    heard: dict[tuple[str, str], Heard] = field(default_factory=dict)
    nonces: dict[str, Nonce] = field(default_factory=dict)
    outgoing: list[Outgoing] = field(default_factory=list)
    written: dict[int, str] = field(default_factory=dict)


class Memory(Protocol[B]):
    """How a service's desk reaches its tables."""

    def load(self, cursor: Cursor, claims: Sequence[Claim]) -> Loaded[B]:
        """Obtain names, then read first answers, then lock rows by rank, then load what is needed."""

    def save(self, cursor: Cursor, loaded: Loaded[B], record: Record) -> None:
        """Write all changes that the books applied, then the record, events last."""

    def supply(self, cursor: Cursor, wants: Sequence[Any]) -> None:
        """Provide what decisions were put off for, in a short transaction of its own between two batches."""


def pg_array(values: Iterable[Any]) -> str:
    """Write values that need no quoting (integers, UUIDs, booleans; None for NULL) as one array literal."""
    told = list(values)
    if None in told:
        return "{" + ",".join(["NULL" if value is None else str(value) for value in told]) + "}"
    return "{" + ",".join(map(str, told)) + "}"


def pg_texts(values: Iterable[str | None]) -> str:
    """Write texts as one array literal, quoted: constant SQL with array parameters is parsed once."""
    told = list(values)
    if not told:
        return "{}"
    if None not in told:
        # Codes, numbers and times hold nothing to escape: the whole is looked at once, not each of them.
        whole = '","'.join(told)  # type: ignore[arg-type]
        if "\\" not in whole and whole.count('"') == 2 * len(told) - 2:
            return f'{{"{whole}"}}'
    return "{" + ",".join(["NULL" if value is None else _quoted(value) for value in told]) + "}"


def pg_integers(values: Iterable[int | None]) -> str:
    """Write integers, None for NULL, as one array literal."""
    # As Python shows a list; PostgreSQL takes the blanks.
    told = str([*values])[1:-1]
    return f"{{{told.replace('None', 'NULL')}}}"


def json_text(told: Mapping[str, Any]) -> str:
    """Write what is kept as JSON: keys sorted, so that the same reads the same."""
    return orjson.dumps(told, option=orjson.OPT_SORT_KEYS).decode()


def pg_lines(texts: Iterable[str]) -> str:
    """Write texts without control characters, JSON above all, one after the other, chr(30) between them.

    To be read by `string_to_array(…, chr(30))`: nothing is quoted here or looked through there. No text at
    all and one that is empty read alike.
    """
    return "\x1e".join(texts)


def _quoted(text: str) -> str:
    if '"' in text or "\\" in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def claim_parameters(claims: Sequence[Claim]) -> tuple[str, ...]:
    """Write the parameters of `frame_claim` for these claims, each an array literal."""
    names: dict[str, None] = {}
    inbox: list[str] = []
    events: list[str] = []
    heard: list[Heard] = []
    nonces: list[str] = []
    for claim in claims:
        for name in claim.names:
            names[name] = None
        asked = claim.command.asked
        if asked.key is not None:
            (events if asked.key.event else inbox).append(
                asked.key.key if asked.key.event else asked.key.name
            )
        if asked.heard is not None:
            heard.append(asked.heard)
        if asked.nonce is not None:
            nonces.append(asked.nonce.name)
    return (
        pg_texts(names),
        pg_texts(inbox),
        pg_array(events),
        pg_texts(one.topic for one in heard),
        pg_texts(one.key for one in heard),
        pg_texts(nonces),
    )


def claimed(found: Mapping[str, Any], claims: Sequence[Claim]) -> dict[str, Any]:
    """Read what `frame_claim` found into the fields of Loaded that every service shares."""
    names = dict.fromkeys(name for claim in claims for name in claim.names)
    return {
        "obtained": {name for name, got in zip(names, found["got"] or (), strict=True) if got},
        "first": {
            name: First(bytes.fromhex(print_), refused, answer)
            for name, print_, refused, answer in found["first"] or ()
        },
        "events": set(found["events"] or ()),
        "heard": {(topic, key): seq for topic, key, seq in found["heard"] or ()},
        "nonces": dict(found["nonces"] or ()),
    }


def record_parameters(record: Record, told: Callable[[Iterable[str]], str] = pg_texts) -> tuple[str, ...]:
    """Write the parameters of `frame_save` for this record, each an array literal.

    :param told: how answers and data of events are written, which are JSON.
    """
    kept, out, heard = record.kept, record.outgoing, record.heard.values()
    return (
        pg_texts([one.name for one in kept]),
        pg_texts(["\\x" + one.fingerprint.hex() for one in kept]),
        pg_array([one.refused for one in kept]),
        told([one.answer for one in kept]),
        pg_array(event for event, _ in record.events),
        pg_texts(topic for _, topic in record.events),
        pg_texts(one.topic for one in heard),
        pg_texts(one.key for one in heard),
        pg_array(one.seq for one in heard),
        pg_texts(record.nonces),
        pg_array(one.owner for one in record.nonces.values()),
        pg_texts(one.expires_at.isoformat() for one in record.nonces.values()),
        pg_array([one.event_id for one in out]),
        pg_texts([one.type for one in out]),
        pg_texts([one.key for one in out]),
        pg_integers([one.seq for one in out]),
        pg_texts([one.occurred_at.isoformat() for one in out]),
        told([one.data for one in out]),
        pg_texts([one.traceparent for one in out]),
    )
