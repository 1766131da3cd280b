"""Slices of limits: a desk draws from one of its own, which is filled up between two batches.

Refuses to wait inside a batch: a slice that somebody else holds puts the command off, as every row does.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import structlog
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from services.points.domain.books import LedgerBooks
from services.points.domain.limit import LimitDrawn, Share, Wish
from shared.kernel.command import Row
from shared.runtime.metrics import LIMIT_ALERTS

log = structlog.get_logger("limits")
UNGRANTED = Share(total=-1, free=0)
"""A window from which this desk has no slice yet: its first wish is put off until it has."""

_LOCK = """
SELECT name, "window", granted - used FROM limits
WHERE slice = %s AND (name, "window") IN (SELECT * FROM unnest(%s::text[], %s::text[]))
ORDER BY name, "window" FOR NO KEY UPDATE SKIP LOCKED
"""
# Read after the lock: whoever lowers a total needs this slice first, and waits.
_KNOWN = """
SELECT l.name, l."window", b.total FROM limits l JOIN budgets b ON b.name = l.name AND b."window" = l."window"
WHERE l.slice = %s AND (l.name, l."window") IN (SELECT * FROM unnest(%s::text[], %s::text[]))
"""
_DRAW = """
UPDATE limits AS l SET used = l.used + n.amount
FROM (VALUES %s) AS n(name, "window", slice, amount)
WHERE l.name = n.name AND l."window" = n."window" AND l.slice = n.slice
"""


class LimitSlices:
    """One desk's slices; it chooses its number once for each connection."""

    def __init__(self) -> None:
        self._chosen = (0, 0)
        self._left: dict[str, int] = {}
        self._spent: dict[str, int] = {}

    def load(self, cursor: Cursor, books: LedgerBooks, rows: Iterable[Row]) -> dict[Row, str]:
        """Lock this desk's slice of each window that the rows name, after the holders; give what was got."""
        # What was gathered for this batch is old by the next one.
        left, self._left = self._left, {}
        names = list(dict.fromkeys(name for noun, name in rows if noun == "limit"))
        if not names:
            return {}
        asked = (self._slice(cursor), *_split(names))
        cursor.execute(_LOCK, asked)
        free = {_joined(limit, window): left for limit, window, left in cursor.fetchall()}
        cursor.execute(_KNOWN, asked)
        totals = {_joined(limit, window): total for limit, window, total in cursor.fetchall()}
        for name in names:
            if name in free:
                # A window of which everything was used gives nothing more while its total stays: nobody need
                # gather for every command that still asks.
                spent = free[name] == 0 and self._spent.get(name) == totals[name]
                most = 0 if spent else left.get(name)
                books.limits[name] = Share(totals[name], free[name], most)
            elif name not in totals:
                books.limits[name] = UNGRANTED
        return {("limit", name): f"limit {name}" for name in names if name in books.limits}

    def supply(self, cursor: Cursor, wishes: Sequence[Wish]) -> None:
        """Fill this desk's slice of each wished window; remember what is left where nothing more is to come.

        A command of the next batch may be told no by that number: whatever others draw, it only falls.
        """
        slice_ = self._slice(cursor)
        most: dict[str, Wish] = {}
        for wish in wishes:
            if wish.name not in most or wish.amount > most[wish.name].amount:
                most[wish.name] = wish
        for name, wish in sorted(most.items()):
            cursor.execute(
                "SELECT * FROM fill_slice(%s, %s, %s, %s, %s)",
                (wish.limit, wish.window, slice_, wish.total, wish.amount),
            )
            left, alert = cursor.fetchone() or (None, False)
            if left is not None:
                self._left[name] = left
            if left == 0:
                self._spent[name] = wish.total
            if alert:
                log.warning("limit.alert", limit=wish.limit, window=wish.window, total=wish.total)
                LIMIT_ALERTS.inc()

    def save(self, cursor: Cursor, by_kind: Mapping[type, Sequence[Any]]) -> None:
        """Keep every draw, and count it on this desk's slice."""
        drawn: Sequence[LimitDrawn] = by_kind.get(LimitDrawn, ())
        if not drawn:
            return
        sums: dict[tuple[str, str], int] = {}
        for change in drawn:
            place = (change.wish.limit, change.wish.window)
            sums[place] = sums.get(place, 0) + change.wish.amount
        slice_ = self._slice(cursor)
        execute_values(
            cursor, _DRAW, [(*place, slice_, amount) for place, amount in sums.items()], page_size=1000
        )
        execute_values(
            cursor,
            'INSERT INTO draws (subject, name, "window", amount) VALUES %s',
            [(one.wish.subject, one.wish.limit, one.wish.window, one.wish.amount) for one in drawn],
            template="(%s::uuid, %s, %s, %s)",
            page_size=1000,
        )

    def _slice(self, cursor: Cursor) -> int:
        backend = cursor.connection.info.backend_pid
        if self._chosen[0] != backend:
            cursor.execute("SELECT choose_slice()")
            self._chosen = (backend, int((cursor.fetchone() or (0,))[0]))
            self._left.clear()
        return self._chosen[1]


def _split(names: Sequence[str]) -> tuple[list[str], list[str]]:
    parted = [name.rpartition("|") for name in names]
    return [limit for limit, _, _ in parted], [window for _, _, window in parted]


def _joined(limit: str, window: str) -> str:
    return f"{limit}|{window}"
