"""Events that could not be obeyed, kept per key until a person replays them: a table and a command.

While a key has one parked, all its later events are parked behind it, so a replay heals them in order.
Refuses to throw anything away: healed rows stay, with the time at which they were healed.
"""

import contextlib
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import orjson
import psycopg2
import structlog
from psycopg2.extensions import connection as Connection
from psycopg2.extras import execute_values

from contracts.event import Unreadable, label_of
from shared.kernel.command import Answer, Command
from shared.kernel.heard import EventFork
from shared.kernel.refusal import Kind, NotFound, Refusal
from shared.runtime import clock
from shared.runtime.hearing import ForeignSource, Hearing, Place, Record
from shared.runtime.metrics import PARKED

log = structlog.get_logger("parked")
BEHIND = "behind"
_COLUMNS = "id, topic, partition, position, key, headers, body, cause, parked_at, healed_at"
_HEAL_AT_ONCE = 5_000


class Obeying(Protocol):
    """What a replay needs of a desk."""

    def obey_all(self, commands: Sequence[Command], patience_s: float = 30.0) -> list[Answer]:
        """Hand in commands from a thread and block until all are answered."""


@dataclass(frozen=True, slots=True)
class ParkedRecord:
    """A parked record: why it was parked and when, and when it was healed if it was."""

    id: int
    record: Record
    cause: str
    parked_at: datetime
    healed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay came to: how many were healed, and per key what stopped it."""

    healed: int
    stopped: dict[Place, str]


class Parked:
    """The table of parked events, on a connection of its own (role desk); to be used from any thread."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._connection: Connection | None = None
        self._one_at_a_time = threading.RLock()
        self._measured: set[str] = set()

    def open_places(self, topics: Sequence[str]) -> set[Place]:
        """Give the keys of these topics that have something parked."""
        rows = self._rows(
            "SELECT DISTINCT topic, key FROM parked WHERE healed_at IS NULL AND topic = ANY (%s)",
            (list(topics),),
        )
        return {(topic, key) for topic, key in rows}

    def park(self, records: Iterable[tuple[Record, str]]) -> None:
        """Park records, each with its cause; one that is parked already stays as it was."""
        rows = [_row(record, cause) for record, cause in records]
        if rows:
            with self._one_at_a_time, self._open() as connection, connection.cursor() as cursor:
                execute_values(cursor, _INSERT, rows, _TEMPLATE)
            self.measure()

    def follow(self, records: Iterable[Record]) -> list[Record]:
        """Park records behind what is parked of their key; give back those whose key was healed meanwhile."""
        free: list[Record] = []
        with self._one_at_a_time, self._open() as connection, connection.cursor() as cursor:
            for record in records:
                _lock(cursor, record.place)
                cursor.execute(
                    "SELECT 1 FROM parked WHERE topic = %s AND key = %s AND healed_at IS NULL LIMIT 1",
                    record.place,
                )
                if cursor.fetchone() is None:
                    free.append(record)
                else:
                    execute_values(cursor, _INSERT, [_row(record, BEHIND)], _TEMPLATE)
        return free

    def listed(self, limit: int = 100, *, key: str | None = None) -> list[ParkedRecord]:
        """List what is parked and not healed, oldest first."""
        rows = self._rows(
            f"SELECT {_COLUMNS} FROM parked WHERE healed_at IS NULL"  # noqa: S608 (constants alone)
            " AND key = coalesce(%s, key) ORDER BY id LIMIT %s",
            (key, limit),
        )
        return [_parked(row) for row in rows]

    def count(self) -> int:
        """Count what is parked and not healed."""
        return sum(self._counts().values())

    def measure(self) -> None:
        """Show the counts as a measure: to be called by who listens, again and again, and by nobody else."""
        counts = self._counts()
        for topic in self._measured - counts.keys():
            PARKED.labels(topic).set(0)
        for topic, count in counts.items():
            PARKED.labels(topic).set(count)
        self._measured |= counts.keys()

    def _counts(self) -> dict[str, int]:
        # Those alone that are not healed, which have an index: the others stay for ever.
        counted = "SELECT topic, count(*) FROM parked WHERE healed_at IS NULL GROUP BY topic"
        return dict(self._rows(counted, ()))

    def replay(
        self, hearing: Hearing, desk: Obeying, *, ids: Sequence[int] | None = None, key: str | None = None
    ) -> Replayed:
        """Obey parked events through the desk, in order, each key until it is healed or stops again.

        :param ids: the keys that these parked records belong to; with neither ids nor key, all.
        """
        healed, stopped = 0, {}
        for place in self._places(ids, key):
            count, why = self._heal(hearing, desk, place)
            healed += count
            if why is not None:
                stopped[place] = why
        log.info("parked.replayed", healed=healed, stopped=len(stopped))
        return Replayed(healed, stopped)

    def dismiss(self, parked_id: int, desk: Obeying, by: str) -> str | None:
        """Set one parked event aside without obeying it, and note its version, so that the next is no gap.

        :param by: who decided that, written down with the cause.
        :return: why it could not be set aside, or None.
        :raises NotFound: if no such event is parked.
        """
        found = self._rows(
            f"SELECT {_COLUMNS} FROM parked"  # noqa: S608 (constants alone)
            " WHERE healed_at IS NULL AND id = %s",
            (parked_id,),
        )
        if not found:
            raise NotFound()
        record = _parked(found[0]).record
        command = Hearing({}).note(record)
        refusal = desk.obey_all([command])[0].refusal if command is not None else None
        if refusal is not None and not isinstance(refusal, EventFork):
            return refusal.code
        self._mark(parked_id, record.place, f" (dismissed by {by})")
        return None

    def _places(self, ids: Sequence[int] | None, key: str | None) -> list[Place]:
        rows = self._rows(
            "SELECT topic, key FROM parked WHERE healed_at IS NULL"
            " AND (%s::bigint[] IS NULL OR id = ANY (%s))"
            " AND key = coalesce(%s, key) GROUP BY topic, key ORDER BY min(id)",
            (None if ids is None else list(ids), None if ids is None else list(ids), key),
        )
        return [(topic, found) for topic, found in rows]

    def _heal(self, hearing: Hearing, desk: Obeying, place: Place) -> tuple[int, str | None]:
        healed = 0
        while True:
            rows = self._rows(
                f"SELECT {_COLUMNS} FROM parked WHERE healed_at IS NULL"  # noqa: S608 (constants alone)
                " AND topic = %s AND key = %s ORDER BY partition, position LIMIT %s",
                (*place, _HEAL_AT_ONCE),
            )
            if not rows:
                return healed, None
            for parked in in_story_order([_parked(row) for row in rows]):
                why = obeyed(hearing, desk, parked.record)
                if why is not None:
                    return healed, why
                self._mark(parked.id, place)
                healed += 1

    def _mark(self, parked_id: int, place: Place, remark: str = "") -> None:
        # Under the lock of the key, so that no consumer parks another one behind a key that is just healed.
        with self._one_at_a_time, self._open() as connection, connection.cursor() as cursor:
            _lock(cursor, place)
            cursor.execute(
                "UPDATE parked SET healed_at = %s, cause = cause || %s WHERE id = %s",
                (clock.now(), remark, parked_id),
            )

    def _rows(self, statement: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        with self._one_at_a_time, self._open() as connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())

    def _open(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = self._connect()
        return self._connection

    def close(self) -> None:
        """Close the connection; the next use opens another."""
        with self._one_at_a_time:
            connection, self._connection = self._connection, None
            if connection is not None and not connection.closed:
                connection.close()


def in_story_order(parked: Sequence[ParkedRecord]) -> list[ParkedRecord]:
    """Sort the parked records of one key by version; one without a version stays behind its neighbour."""
    versions: dict[int, int] = {}
    last = -1
    for one in parked:
        with contextlib.suppress(Unreadable):
            last = label_of(one.record.headers).seq
        versions[one.id] = last
    return sorted(parked, key=lambda one: versions[one.id])


def obeyed(hearing: Hearing, desk: Obeying, record: Record) -> str | None:
    """Obey one record through the desk, and tell why it was not, or None if it was."""
    try:
        command = hearing.command(record)
    except (ForeignSource, Unreadable) as fault:
        return poison(fault)
    return stopped_by(desk.obey_all([command])[0])


def poison(fault: Exception) -> str:
    """Say why a record could not even be read."""
    return f"poison: {fault}"[:2000]


def stopped_by(answer: Answer) -> str | None:
    """Say why an event was not obeyed, or None if it was (now or before)."""
    if answer.refusal is not None:
        facts = orjson.dumps(answer.refusal.facts, default=str).decode()
        return f"{answer.refusal.code}: {facts}"[:2000]
    return "defect: see the log" if answer.defective else None


def passing(refusal: Refusal | None) -> bool:
    """Tell whether a no is about the moment, not about the event: then it is obeyed again, not parked."""
    return refusal is not None and (refusal.kind is Kind.AWAY or refusal.code == "in-flight")


_INSERT = """
INSERT INTO parked (topic, partition, position, event_id, key, headers, body, cause)
VALUES %s ON CONFLICT (topic, partition, position) DO NOTHING
"""
_TEMPLATE = "(%s, %s, %s, %s, %s, %s, %s, %s)"


def _lock(cursor: Any, place: Place) -> None:
    cursor.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"parked {place[0]} {place[1]}",)
    )


def _row(record: Record, cause: str) -> tuple[Any, ...]:
    headers = [[name, None if value is None else value.hex()] for name, value in record.headers]
    body = psycopg2.Binary(record.body or b"")
    told = orjson.dumps(headers).decode()
    return (
        record.topic,
        record.partition,
        record.position,
        record.shown_id.replace("\x00", ""),
        record.key,
        told,
        body,
        cause.replace("\x00", ""),
    )


def _parked(row: tuple[Any, ...]) -> ParkedRecord:
    id_, topic, partition, position, key, told, body, cause, parked_at, healed_at = row
    headers = tuple(
        (name, None if value is None else bytes.fromhex(value)) for name, value in orjson.loads(told)
    )
    record = Record(topic, partition, position, key, headers, bytes(body))
    return ParkedRecord(id_, record, cause, parked_at, healed_at)
