"""Close months that drain: gate, seal, statements, index, snapshot. Each step is taken once, whoever died.

It is no clock door: a month drains because somebody closed it. Refuses to seal what does not add up.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg2
import structlog
from psycopg2 import errors
from psycopg2.extensions import connection as Connection

from services.points.commands.issue_statements import IssueStatements
from services.points.domain.statement import Flow, claims, statements, summary
from services.points.jobs.audit import audit_unclosed
from services.points.queries.closing_gate import hindrances
from services.points.queries.month_fold import flows, month_fold
from services.points.store.closing import add_snapshot
from services.points.store.side_indexes import index_sides
from shared.kernel.command import Asked, Obey
from shared.runtime.clock import mint_id

log = structlog.get_logger("closing")

CLOSING_OPTIONS = (
    "-c transaction_timeout=15000 -c timezone=UTC -c jit=off -c work_mem=64MB -c lock_timeout=300"
    # A young partition has no statistics, and a month is read whole.
    " -c enable_nestloop=off"
)
ATTEMPTS = 12
PAUSE_S = 0.05
REST_S = 5.0
FINDINGS_TOLD = 5

_UNFINISHED = """
SELECT m.month, m.state, s.month IS NOT NULL
FROM months m LEFT JOIN summaries s ON s.month = m.month LEFT JOIN closings c ON c.month = m.month
WHERE m.state = 'draining' OR m.state = 'sealed' AND (s.month IS NULL OR c.month IS NULL) ORDER BY m.month
"""
_ALONE = "SELECT pg_try_advisory_lock(hashtextextended('tongfen closing', 0))"
_NOT_ALONE = "SELECT pg_advisory_unlock(hashtextextended('tongfen closing', 0))"
# Whoever opens a month holds this row: none may appear before one that is being sealed.
_CALENDAR = "SELECT 1 FROM latches WHERE noun = 'calendar' AND id = 'group' FOR NO KEY UPDATE"
_EARLIER = "SELECT 1 FROM months WHERE month < %s AND state <> 'sealed'"


@dataclass(frozen=True, slots=True)
class Closed:
    """How far one month came in a round: its statements are issued, or why not yet."""

    month: date
    issued: bool
    waits_for: tuple[str, ...] = ()


def _nothing(_: str) -> None:
    return None


def close_draining(
    connection: Connection, obey: Obey, *, reached: Callable[[str], None] = _nothing
) -> list[Closed]:
    """Bring every draining month as far as it comes, oldest first; a month that waits holds back later ones.

    :param connection: role desk, `CLOSING_OPTIONS`, nothing else's: it may wait for locks.
    :param reached: told each named point; tests kill there.
    """
    with connection, connection.cursor() as cursor:
        cursor.execute(_UNFINISHED)
        unfinished = cursor.fetchall()
        if not unfinished:
            return []
        cursor.execute(_ALONE)
        if not cursor.fetchone()[0]:
            return []
    try:
        return _closed_in_order(connection, obey, unfinished, reached)
    finally:
        # A broken connection has let go by itself.
        with suppress(psycopg2.Error), connection, connection.cursor() as cursor:
            cursor.execute(_NOT_ALONE)


def _closed_in_order(
    connection: Connection,
    obey: Obey,
    unfinished: Sequence[tuple[date, str, bool]],
    reached: Callable[[str], None],
) -> list[Closed]:
    closed: list[Closed] = []
    for month, state, stated in unfinished:
        waits_for = _seal(connection, month) if state == "draining" else ()
        if not waits_for:
            reached("closing.sealed")
            waits_for = _finish(connection, obey, month, reached, stated=stated)
        closed.append(Closed(month, not waits_for, waits_for))
        if waits_for:
            break
    return closed


def _seal(connection: Connection, month: date) -> tuple[str, ...]:
    """Seal the month if nothing stands in the way; give what does."""
    with connection, connection.cursor() as cursor:
        found = hindrances(cursor, month)
    if found:
        return tuple(found)
    broken = audit_unclosed(connection).findings
    if broken:
        for finding in broken:
            log.error("closing.finding", invariant=finding.invariant, row=finding.row, told=finding.told)
        return tuple(f"{finding.row}: {finding.told}" for finding in broken[:FINDINGS_TOLD])
    for attempt in range(ATTEMPTS):
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(_CALENDAR)
                cursor.execute(_EARLIER, (month,))
                if cursor.fetchone() is not None:
                    return ("an earlier month was opened",)
                # False where another hand sealed it meanwhile: just as well.
                cursor.execute("SELECT seal_month(%s)", (month,))
            return ()
        except (errors.LockNotAvailable, errors.DeadlockDetected):
            time.sleep(PAUSE_S * attempt)
    return ("writers in the month",)


def _finish(
    connection: Connection, obey: Obey, month: date, reached: Callable[[str], None], *, stated: bool
) -> tuple[str, ...]:
    """Issue the statements, which people wait for, let their lines be found, then take the snapshot.

    :return: what the month waits for.
    """
    with connection, connection.cursor() as cursor:
        # What moved in a sealed month stays as it is: a large one is grouped once.
        moved = flows(cursor, month)
    waits_for = () if stated else _issue(connection, obey, month, moved)
    if not stated:
        reached("closing.issued")
    if not waits_for:
        try:
            index_sides(connection, month)
        except errors.LockNotAvailable:
            return ("whoever vacuums the month",)
        add_snapshot(connection, month, claims(moved).rounding_cny)
        reached("closing.snapshot")
    return waits_for


def _issue(connection: Connection, obey: Obey, month: date, moved: tuple[Flow, ...]) -> tuple[str, ...]:
    """Issue the statements; give what they wait for."""
    with connection, connection.cursor() as cursor:
        fold = month_fold(cursor, month, moved)
    (answer,) = obey([IssueStatements(Asked(mint_id()), month, statements(fold), summary(fold))])
    if answer.json is not None:
        return ()
    return (f"statements: {answer.refusal.code}" if answer.refusal else "statements: a defect",)


class MonthCloser:
    """The closing job of a process: keeps its connection, and rests after a round in which a month waited."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        obey: Obey,
        rest_s: float = REST_S,
        *,
        reached: Callable[[str], None] = _nothing,
    ) -> None:
        self._connect = connect
        self._obey = obey
        self._rest_s = rest_s
        self._reached = reached
        self._connection: Connection | None = None
        self._rests_until = 0.0

    def step(self) -> Mapping[str, Any] | None:
        """Go one round; give what is worth a log line."""
        if time.monotonic() < self._rests_until:
            return None
        if self._connection is None or self._connection.closed:
            self._connection = self._connect()
        # Whatever is raised below is raised again after a rest, not ten times a second.
        self._rests_until = time.monotonic() + self._rest_s
        closed = close_draining(self._connection, self._obey, reached=self._reached)
        waiting = [one for one in closed if one.waits_for]
        if not waiting:
            self._rests_until = 0.0
        if not closed:
            return None
        return {
            "closed": [f"{one.month:%Y-%m}" for one in closed if one.issued],
            "waiting": {f"{one.month:%Y-%m}": list(one.waits_for) for one in waiting},
        }
