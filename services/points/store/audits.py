"""Audits that somebody asked for: a row each, written by whoever answers and by the worker that audits.

An audit answers whoever asked before it began, so that it sees the books as of the question or later: a
question that waits may be joined, one that has begun may not. Only who was told to ask again is told what
that very audit found, once. Refuses to read the books.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import timedelta
from typing import NamedTuple

import orjson
from psycopg2.extensions import connection as Connection

from services.points.domain.audit_report import AuditReport
from services.points.domain.auditing import ATTEMPTS, AuditState

KEPT = timedelta(minutes=10)
"""How long a report waits for whoever was told to ask again; later they want to know about then."""

# Moments are the database's own: processes on several machines go by one clock.
_PUT_OFF = """
SELECT id::text FROM audits
WHERE asked_by = %(by)s AND unit IS NOT DISTINCT FROM %(unit)s AND told_at IS NOT NULL AND fetched_at IS NULL
  AND (ended_at IS NULL OR ended_at > clock_timestamp() - %(kept)s)
ORDER BY asked_at DESC LIMIT 1
"""
# The row that waits is locked: a worker that begins it comes before, and then there is none to be joined, or
# after, and then its audit has not begun.
_ASK = """
INSERT INTO audits (id, asked_by, unit) VALUES (%(id)s, %(by)s, %(unit)s)
ON CONFLICT (asked_by, unit) WHERE state = 'asked' DO UPDATE SET state = excluded.state
RETURNING id::text
"""
_TOLD = """
UPDATE audits SET told_at = coalesce(told_at, clock_timestamp()) WHERE id = %s AND ended_at IS NULL
RETURNING state
"""
_FETCHED = "UPDATE audits SET fetched_at = clock_timestamp() WHERE id = %s AND fetched_at IS NULL"
_OPEN = "SELECT EXISTS (SELECT 1 FROM audits WHERE ended_at IS NULL)"
_BEGIN = """
UPDATE audits SET attempts = attempts + 1,
       state = CASE WHEN attempts < %(most)s THEN 'running' ELSE 'failed' END,
       ended_at = CASE WHEN attempts < %(most)s THEN NULL ELSE clock_timestamp() END
WHERE ended_at IS NULL RETURNING id::text, state
"""
_DONE = """
UPDATE audits SET state = 'done', ended_at = clock_timestamp(), sees_at = %s,
       report = CASE WHEN unit IS NULL THEN %s ELSE %s END
WHERE id = ANY (%s::uuid[]) AND ended_at IS NULL
"""
_FAILED = """
UPDATE audits SET state = 'failed', ended_at = clock_timestamp()
WHERE id = ANY (%s::uuid[]) AND ended_at IS NULL
"""


class Audits:
    """Where audits are asked for (role desk), a connection each time."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect

    def ask(self, id_: str, by: str, unit: str | None) -> str:
        """Ask for an audit; give the question that stands for whoever asks.

        :param unit: the unit of whoever asks, None for the group's own.
        :return: the one they were told to ask again for, else theirs that waits, else a new one of that id.
        """
        facts = {"id": id_, "by": by, "unit": unit, "kept": KEPT}
        with closing(self._connect()) as connection, connection, connection.cursor() as cursor:
            cursor.execute(_PUT_OFF, facts)
            found = cursor.fetchone()
            if found is None:
                cursor.execute(_ASK, facts)
                found = cursor.fetchone()
        return str(found[0])

    def put_off(self, question: str) -> AuditState | None:
        """Note that whoever asked is told to ask again; give why, or None where it has just ended."""
        with closing(self._connect()) as connection, connection, connection.cursor() as cursor:
            cursor.execute(_TOLD, (question,))
            found = cursor.fetchone()
        return AuditState(found[0]) if found else None

    def fetched(self, question: str) -> None:
        """Note that whoever asked is told what was found: their next question is one about then."""
        with closing(self._connect()) as connection, connection, connection.cursor() as cursor:
            cursor.execute(_FETCHED, (question,))


class Begun(NamedTuple):
    """Questions that an audit will answer, and how many were given up: they were begun too often."""

    questions: Sequence[str]
    given_up: int


def is_asked(connection: Connection) -> bool:
    """Tell whether somebody waits for an audit, begun or not."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN)
        return bool(cursor.fetchone()[0])


def begin_asked(connection: Connection) -> Begun:
    """Begin to answer whatever is asked, and what was begun by one who fell.

    To be called by whoever alone audits, before the moment that the audit sees, on a connection in which each
    statement is a transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, {"most": ATTEMPTS})
        rows = cursor.fetchall()
    running = [id_ for id_, state in rows if state == AuditState.RUNNING]
    return Begun(running, len(rows) - len(running))


def end_done(connection: Connection, questions: Sequence[str], report: AuditReport) -> None:
    """Keep the report for each question, as much of it as whoever asked may see."""
    told = [orjson.dumps(one).decode() for one in (report.told_to_group(), report.told_to_unit())]
    with connection.cursor() as cursor:
        cursor.execute(_DONE, (report.at, *told, list(questions)))


def end_failed(connection: Connection, questions: Sequence[str]) -> None:
    """Note that nothing will come of these questions."""
    with connection.cursor() as cursor:
        cursor.execute(_FAILED, (list(questions),))
