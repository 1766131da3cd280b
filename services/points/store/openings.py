"""Opening balances: sheets with what was taken of them, and lines by their natural names."""

from collections.abc import Sequence

import orjson
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from services.points.domain.amounts import Points
from services.points.domain.books import LedgerBooks
from services.points.domain.opening import KnownOpening, OpeningKept, Sheet, SheetAnnounced, SheetApproved
from services.points.store.noun import Noun
from shared.runtime.memory import json_text

# Read once the sheet's latch is held: nobody takes a line meanwhile, so the sums are the sheet's own.
_SHEETS = """
SELECT s.id::text, s.unit, s.digest, s.lines, s.points, s.asked_by, s.asked_at, s.approved_by, o.lines,
       o.points
FROM opening_sheets s CROSS JOIN LATERAL (
    SELECT count(*) AS lines, coalesce(sum(points), 0)::bigint AS points
    FROM openings WHERE sheet_id = s.id) AS o
WHERE s.id = ANY (%s::uuid[])
"""
_KNOWN = "SELECT name, wallet_id::text, points, expires_at, answer FROM openings WHERE name = ANY (%s)"
_KEEP = """
INSERT INTO openings (name, id, sheet_id, unit, reference, wallet_id, points, earned_at, expires_at,
                      occurred_at, month, answer) VALUES %s
"""


def _load_sheets(cursor: Cursor, books: LedgerBooks, ids: Sequence[str]) -> None:
    cursor.execute(_SHEETS, (list(ids),))
    for row in cursor.fetchall():
        books.sheets[row[0]] = Sheet(*row)


def _load_openings(cursor: Cursor, books: LedgerBooks, names: Sequence[str]) -> None:
    cursor.execute(_KNOWN, (list(names),))
    for name, wallet_id, points, expires_at, answer in cursor.fetchall():
        books.openings[name] = KnownOpening(wallet_id, Points(points), expires_at, orjson.loads(answer))


def _announce(cursor: Cursor, changes: Sequence[SheetAnnounced]) -> None:
    for one in (change.sheet for change in changes):
        cursor.execute(
            "INSERT INTO opening_sheets (id, unit, digest, lines, points, asked_by, asked_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (one.id, one.unit, one.digest, one.lines, one.points, one.asked_by, one.asked_at),
        )


def _approve(cursor: Cursor, changes: Sequence[SheetApproved]) -> None:
    for one in changes:
        cursor.execute(
            "UPDATE opening_sheets SET approved_by = %s, approved_at = %s WHERE id = %s",
            (one.approved_by, one.approved_at, one.id),
        )


def _keep(cursor: Cursor, changes: Sequence[OpeningKept]) -> None:
    rows = [
        (
            one.name,
            one.id,
            one.sheet_id,
            one.unit,
            one.reference,
            one.wallet_id,
            one.points,
            one.earned_at,
            one.expires_at,
            one.occurred_at,
            one.month,
            json_text(one.answer),
        )
        for one in changes
    ]
    execute_values(cursor, _KEEP, rows, page_size=1000)


SHEETS = Noun("sheet", load=_load_sheets, writers={SheetAnnounced: _announce, SheetApproved: _approve})
OPENINGS = Noun("opening", load=_load_openings, writers={OpeningKept: _keep})
