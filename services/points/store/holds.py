"""Holds and their slices: found by id, by the order they bind, and by the capture that was kept of them.

Refuses to lock: a hold belongs to the holder of the wallets its points come from.
"""

from collections.abc import Sequence
from typing import Any

import orjson
from psycopg2.extensions import cursor as Cursor

from services.points.domain import changes as c
from services.points.domain.amounts import Fen, Points
from services.points.domain.books import LedgerBooks
from services.points.domain.hold import Ended, HeldSlice, Hold
from services.points.store.lots import load_lots
from services.points.store.noun import Noun

# Whom it was placed for, and whose points it took: lots never move, so nothing here ever changes.
_IDENTITIES = """
WITH asked AS (SELECT unnest(%s::uuid[]) AS id)
SELECT h.id::text, h.identity FROM asked JOIN holds h ON h.id = asked.id
UNION
SELECT s.hold_id::text, w.identity
FROM asked
JOIN hold_slices s ON s.hold_id = asked.id
JOIN lots l ON l.id = s.lot_id
JOIN wallets w ON w.id = l.wallet_id
"""
_HOLDS = """
SELECT id::text, name, identity, holder_id::text, unit, order_no, price_fen, amount_fen, captured_fen,
       occurred_at, expires_at, terms, ended_at, ended_by
FROM holds WHERE id = ANY (%s::uuid[])
"""
_SLICES = """
SELECT hold_id::text, place, lot_id::text, points, points_left FROM hold_slices
WHERE hold_id = ANY (%s::uuid[]) ORDER BY hold_id, place
"""
_OF_ORDERS = """
SELECT name, holder_id::text, terms, answer FROM holds
WHERE name = ANY (%s) AND (is_open OR captured_fen > 0)
"""
_CAPTURES = "SELECT name, holder_id::text, terms, answer FROM redemptions WHERE name = ANY (%s)"
_PLACE = """
INSERT INTO holds (id, name, identity, holder_id, unit, order_no, price_fen, amount_fen, occurred_at,
                   expires_at, month, journal_id, terms, answer)
SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::uuid[], %s::text[], %s::text[], %s::bigint[],
                     %s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::date[], %s::uuid[], %s::text[],
                     %s::text[])
"""
_TURN = """
UPDATE holds AS h SET captured_fen = n.captured_fen, is_open = n.ended_at IS NULL, ended_at = n.ended_at,
                      ended_by = n.ended_by, ended_month = n.ended_month
FROM unnest(%s::uuid[], %s::bigint[], %s::timestamptz[], %s::text[], %s::date[])
     AS n(id, captured_fen, ended_at, ended_by, ended_month)
WHERE h.id = n.id
"""
_SLICE = """
INSERT INTO hold_slices (hold_id, place, lot_id, points, points_left)
SELECT * FROM unnest(%s::uuid[], %s::integer[], %s::uuid[], %s::bigint[], %s::bigint[])
ON CONFLICT (hold_id, place) DO UPDATE SET points_left = excluded.points_left
"""


def _load(cursor: Cursor, books: LedgerBooks, ids: Sequence[str]) -> None:
    wanted = (list(ids),)
    slices: dict[str, list[HeldSlice]] = {}
    cursor.execute(_SLICES, wanted)
    for hold_id, place, lot_id, points, left in cursor.fetchall():
        slices.setdefault(hold_id, []).append(HeldSlice(place, lot_id, Points(points), Points(left)))
    cursor.execute(_HOLDS, wanted)
    for row in cursor.fetchall():
        books.holds[row[0]] = _hold(row, tuple(slices.get(row[0], ())))
    on_hold = {one.lot_id for taken in slices.values() for one in taken if one.points_left}
    load_lots(cursor, books, on_hold)


def _hold(row: Sequence[Any], slices: tuple[HeldSlice, ...]) -> Hold:
    (
        id_,
        name,
        identity,
        holder_id,
        unit,
        order_no,
        price_fen,
        amount_fen,
        captured_fen,
        occurred_at,
        expires_at,
        terms,
        ended_at,
        ended_by,
    ) = row
    return Hold(
        id=id_,
        name=name,
        identity=identity,
        holder_id=holder_id,
        unit=unit,
        order_no=order_no,
        price_fen=Fen(price_fen),
        amount_fen=Fen(amount_fen),
        captured_fen=Fen(captured_fen),
        occurred_at=occurred_at,
        expires_at=expires_at,
        terms=terms,
        slices=slices,
        ended_at=ended_at,
        ended_by=None if ended_by is None else Ended(ended_by),
    )


def _load_orders(cursor: Cursor, books: LedgerBooks, names: Sequence[str]) -> None:
    cursor.execute(_OF_ORDERS, (list(names),))
    for name, holder_id, terms, answer in cursor.fetchall():
        books.order_holds[name] = c.KnownHold(holder_id, terms, orjson.loads(answer))


def _load_captures(cursor: Cursor, books: LedgerBooks, names: Sequence[str]) -> None:
    cursor.execute(_CAPTURES, (list(names),))
    for name, holder_id, terms, answer in cursor.fetchall():
        books.redemptions[name] = c.KnownRedemption(holder_id, terms, orjson.loads(answer))


def _place(cursor: Cursor, changes: Sequence[c.HoldPlaced]) -> None:
    rows = [
        (
            one.hold.id,
            one.hold.name,
            one.hold.identity,
            one.hold.holder_id,
            one.hold.unit,
            one.hold.order_no,
            one.hold.price_fen,
            one.hold.amount_fen,
            one.hold.occurred_at,
            one.hold.expires_at,
            one.month,
            one.journal_id,
            one.hold.terms,
            orjson.dumps(one.answer, option=orjson.OPT_SORT_KEYS).decode(),
        )
        for one in changes
    ]
    cursor.execute(_PLACE, _columns(rows))
    _slice(cursor, [one.hold for one in changes])


def _turn(cursor: Cursor, changes: Sequence[c.HoldTurned]) -> None:
    # A hold that was turned several times in this batch is written once, as the batch leaves it.
    last = {one.hold.id: one for one in changes}.values()
    rows = [
        (
            one.hold.id,
            one.hold.captured_fen,
            one.hold.ended_at,
            one.hold.ended_by,
            None if one.hold.ended_at is None else one.month,
        )
        for one in last
    ]
    cursor.execute(_TURN, _columns(rows))
    _slice(cursor, [one.hold for one in last])


def _slice(cursor: Cursor, holds: Sequence[Hold]) -> None:
    rows = [
        (hold.id, one.place, one.lot_id, one.points, one.points_left) for hold in holds for one in hold.slices
    ]
    cursor.execute(_SLICE, _columns(rows))


def _columns(rows: Sequence[Sequence[Any]]) -> tuple[list[Any], ...]:
    return tuple(list(column) for column in zip(*rows, strict=True))


HOLD = Noun("hold", _load, _IDENTITIES, writers={c.HoldPlaced: _place, c.HoldTurned: _turn})
ORDER = Noun("order", _load_orders)
CAPTURE = Noun("capture", _load_captures)
