"""Events that left once and leave again: a broker that lost its log is filled from the outbox's archive.

An operator asks for it, which is a row; the relay that leads does it, in the order in which the events left
the first time, under the ids they had, before anything new leaves: so the log tells every story in order, and
whoever has heard an event drops it. Refuses two replays at a time, and to touch a row of the archive.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from psycopg2 import errors
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from shared.kernel.command import Key
from shared.kernel.refusal import KeyReused, Kind, Refusal
from shared.kernel.words import Words
from shared.runtime.outbox import COLUMNS, OutboxRow

log = structlog.get_logger("relay")

# The archive is only added to, in the order of ids: a summary per range of pages finds any stretch of them.
FRAME_REPLAYS_1 = """
CREATE TABLE outbox_replays (
    id uuid PRIMARY KEY,
    name text NOT NULL CONSTRAINT outbox_replays_name_once UNIQUE,
    fingerprint bytea NOT NULL,
    first_event uuid,
    first_id bigint NOT NULL,
    next_id bigint NOT NULL,
    last_id bigint NOT NULL,
    sent bigint NOT NULL DEFAULT 0,
    unsendable bigint NOT NULL DEFAULT 0,
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz
);
CREATE UNIQUE INDEX outbox_replays_one_at_a_time ON outbox_replays ((ended_at IS NULL))
    WHERE ended_at IS NULL;
CREATE INDEX outbox_archive_id ON outbox_archive USING brin (id) WITH (autosummarize = on);
"""


# Ids of events tell when they were asked for, ids of rows in which order they were committed; nobody waits
# for ten minutes between the two, so what was asked for that long after the first was committed after it.
_FIRST = "SELECT event_id::text FROM outbox_archive WHERE event_id >= %s ORDER BY event_id LIMIT 1"
_ASK = """
INSERT INTO outbox_replays
       (id, name, fingerprint, first_event, first_id, next_id, last_id, asked_by, ended_at)
SELECT %(id)s, %(name)s, %(fingerprint)s, %(first)s, coalesce(first_id, 0), coalesce(first_id, 0),
       coalesce(pg_sequence_last_value('outbox_id'), 0), %(by)s,
       CASE WHEN first_id IS NULL THEN clock_timestamp() END
FROM (SELECT min(id) AS first_id FROM outbox_archive
      WHERE event_id >= %(first)s AND event_id < %(until)s) span
ON CONFLICT (name) DO NOTHING
"""
_FIND = """
SELECT id::text, fingerprint, first_event::text, first_id, next_id, last_id, sent, unsendable, asked_by,
       ended_at
FROM outbox_replays WHERE
"""
_OPEN = "SELECT id::text, next_id, last_id FROM outbox_replays WHERE ended_at IS NULL"
_PAGE = f"SELECT {COLUMNS} FROM outbox_archive WHERE id >= %s AND id < %s ORDER BY id"  # noqa: S608
_ADVANCE = """
UPDATE outbox_replays SET next_id = %(next)s, sent = sent + %(sent)s,
       unsendable = unsendable + %(unsendable)s,
       ended_at = CASE WHEN %(next)s > last_id THEN clock_timestamp() END
WHERE id = %(id)s RETURNING sent, unsendable, ended_at IS NOT NULL
"""
_COMMITTED_WITHIN = timedelta(minutes=10)


class ReplayUnderWay(Refusal):
    """The archive is being replayed already."""

    kind = Kind.CONFLICT
    code = "replay-under-way"
    retryable = True
    title = Words("发件箱正在重放", "A replay of the outbox is under way")
    advice = Words("请等待当前重放结束后再试。", "Wait until it has ended, then ask again.")


@dataclass(frozen=True, slots=True)
class OutboxReplay:
    """A replay as it stands: ids of rows [first_id, last_id], of which all below `next_id` have left again.

    `first_event` is the id of the first event asked for, None where there is none; `unsendable` counts events
    that the broker does not take any more.
    """

    id: str
    first_event: str | None
    first_id: int
    next_id: int
    last_id: int
    sent: int
    unsendable: int
    asked_by: str
    ended_at: datetime | None


class OutboxReplays:
    """Where replays are asked for and looked at (role desk), a connection each time."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect

    def ask(self, id_: str, key: Key, since: str, by: str) -> OutboxReplay:
        """Ask for every event since that id, a canonical UUID; the same key asks once.

        :raises KeyReused: if the key stood for another question.
        :raises ReplayUnderWay: if another replay has not ended.
        """
        with closing(self._connect()) as connection, connection, connection.cursor() as cursor:
            cursor.execute(_FIRST, (since,))
            first = (cursor.fetchone() or (None,))[0]
            facts = {
                "id": id_,
                "name": key.name,
                "fingerprint": key.fingerprint,
                "first": first,
                "until": first_id_of(moment_of(first) + _COMMITTED_WITHIN) if first else None,
                "by": by,
            }
            try:
                cursor.execute(_ASK, facts)
            except errors.UniqueViolation:
                raise ReplayUnderWay() from None
            cursor.execute(_FIND + "name = %s", (key.name,))
            row = cursor.fetchone()
        if bytes(row[1]) != key.fingerprint:
            raise KeyReused()
        return _replay(row)

    def find(self, id_: str) -> OutboxReplay | None:
        """Find a replay by its id."""
        with closing(self._connect()) as connection, connection.cursor() as cursor:
            cursor.execute(_FIND + "id = %s", (id_,))
            row = cursor.fetchone()
        return None if row is None else _replay(row)


def _replay(row: Sequence[object]) -> OutboxReplay:
    return OutboxReplay(row[0], *row[2:])  # type: ignore[arg-type]


def first_id_of(moment: datetime) -> str:
    """Give the smallest UUIDv7 of a moment: every id drawn then or later is at least that."""
    bare = f"{max(int(moment.timestamp() * 1000), 0):012x}".ljust(32, "0")
    return f"{bare[:8]}-{bare[8:12]}-{bare[12:16]}-{bare[16:20]}-{bare[20:]}"


def moment_of(identifier: str) -> datetime:
    """Tell when a UUIDv7 was drawn, to the millisecond."""
    since_1970 = timedelta(milliseconds=int(identifier.replace("-", "")[:12], 16))
    return datetime.fromisoformat("1970-01-01T00:00:00+00:00") + since_1970


@dataclass(frozen=True, slots=True)
class Page:
    """What leaves next: the archived rows of ids [.., until)."""

    replay: str
    until: int
    rows: Sequence[OutboxRow]


class Replaying:
    """What the leading relay knows of replays: it looks for one now and then, and goes on page by page.

    :param look_s: seconds between two looks while there is none.
    :param ids: how many ids one page spans.
    """

    def __init__(self, look_s: float, ids: int) -> None:
        self._look_s = look_s
        self._ids = ids
        self._looks_at = 0.0

    def page(self, cursor: Cursor, present: float) -> Page | None:
        """Read what leaves next, or None where nobody asked; `present` in monotonic seconds."""
        if present < self._looks_at:
            return None
        cursor.execute(_OPEN)
        found = cursor.fetchone()
        if found is None:
            self._looks_at = present + self._look_s
            return None
        replay, next_id, last_id = found
        until = min(next_id + self._ids, last_id + 1)
        # The archive is no outbox: its index is one that only a bitmap reads.
        cursor.execute("SET enable_bitmapscan = on")
        cursor.execute(_PAGE, (next_id, until))
        rows = [OutboxRow._make(row) for row in cursor.fetchall()]
        cursor.execute("SET enable_bitmapscan = off")
        return Page(replay, until, rows)

    def passed(
        self,
        cursor: Cursor,
        page: Page,
        taken: Sequence[OutboxRow],
        sent: Collection[int],
        held: Collection[str],
    ) -> None:
        """Note how far the page has left: up to the first event that the broker did not acknowledge.

        :param taken: the rows that were tried; `held` are keys whose event the broker will not take.
        """
        known = set(sent)
        missing = [row.id for row in taken if row.id not in known and row.key not in held]
        behind = page.until if len(taken) == len(page.rows) else taken[-1].id + 1
        next_id = missing[0] if missing else behind
        gone = [row for row in taken if row.id < next_id]
        unsendable = sum(row.id not in known for row in gone)
        facts = {"id": page.replay, "next": next_id, "sent": len(gone) - unsendable, "unsendable": unsendable}
        cursor.execute(_ADVANCE, facts)
        (all_sent, all_unsendable, ended) = cursor.fetchone()
        if ended:
            log.info("outbox.replayed", replay=page.replay, sent=all_sent, unsendable=all_unsendable)
