"""Single lots, open or shut, read for those nouns that name them. Refuses to choose which."""

from collections.abc import Iterable, Sequence
from typing import Any

from psycopg2.extensions import cursor as Cursor

from services.points.domain.amounts import Points
from services.points.domain.books import LedgerBooks
from services.points.domain.lot import Lot, Origin

_LOTS = """
SELECT id::text, wallet_id::text, asset, issuer, receipt_number, earned, points_left, earned_at, available_at,
       expires_at, parent_id::text, origin
FROM lots WHERE id = ANY (%s::uuid[])
"""


def load_lots(cursor: Cursor, books: LedgerBooks, ids: Iterable[str]) -> None:
    """Read these lots into the books, those without points among them."""
    cursor.execute(_LOTS, (list(ids),))
    for row in cursor.fetchall():
        lot = _lot(row)
        books.lots.setdefault(lot.wallet_id, {})[lot.id] = lot


def _lot(row: Sequence[Any]) -> Lot:
    id_, wallet_id, asset, issuer, number, earned, left, *times, parent, origin = row
    earned_at, available_at, expires_at = times
    return Lot(
        id_,
        wallet_id,
        asset,
        issuer,
        number,
        Points(earned),
        Points(left),
        earned_at,
        available_at,
        expires_at,
        parent,
        Origin(origin),
    )
