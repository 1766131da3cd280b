"""Grants and deductions: requests behind the holder of their identity, each decided once."""

from collections.abc import Sequence

from psycopg2.extensions import cursor as Cursor

from services.points.domain.adjustment import (
    Adjustment,
    AdjustmentAsked,
    AdjustmentDecided,
    AdjustmentKind,
    AdjustmentState,
)
from services.points.domain.amounts import Points
from services.points.domain.books import LedgerBooks
from services.points.store.debts import load_owed
from services.points.store.noun import Noun

_BEHIND = "SELECT id::text, identity FROM adjustments WHERE id = ANY (%s::uuid[])"
_READ = """
SELECT id::text, kind, unit, identity, points, reason, asked_by, asked_at, state, decided_by
FROM adjustments WHERE id = ANY (%s::uuid[])
"""
_DECIDE = """
UPDATE adjustments SET state = %s, decided_by = %s, decided_at = %s, remark = %s, month = %s WHERE id = %s
"""


def _load(cursor: Cursor, books: LedgerBooks, ids: Sequence[str]) -> None:
    cursor.execute(_READ, (list(ids),))
    for id_, kind, unit, identity, points, reason, asked_by, asked_at, state, decided_by in cursor.fetchall():
        books.adjustments[id_] = Adjustment(
            id_,
            AdjustmentKind(kind),
            unit,
            identity,
            Points(points),
            reason,
            asked_by,
            asked_at,
            AdjustmentState(state),
            decided_by,
        )
    # What is granted repays debts first.
    load_owed(cursor, books, [books.adjustments[id_].identity for id_ in ids if id_ in books.adjustments])


def _ask(cursor: Cursor, changes: Sequence[AdjustmentAsked]) -> None:
    for one in (change.adjustment for change in changes):
        cursor.execute(
            "INSERT INTO adjustments (id, kind, unit, identity, points, reason, asked_by, asked_at, state)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                one.id,
                one.kind.value,
                one.unit,
                one.identity,
                one.points,
                one.reason,
                one.asked_by,
                one.asked_at,
                one.state.value,
            ),
        )


def _decide(cursor: Cursor, changes: Sequence[AdjustmentDecided]) -> None:
    for one in changes:
        decided = one.adjustment
        cursor.execute(
            _DECIDE, (decided.state.value, decided.decided_by, one.at, one.remark, one.month, decided.id)
        )


ADJUSTMENTS = Noun(
    "adjustment",
    load=_load,
    identities=_BEHIND,
    spends=True,
    writers={AdjustmentAsked: _ask, AdjustmentDecided: _decide},
)
