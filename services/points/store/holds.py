"""Holds and their slices: found by id, and by the order they bind, in the call that loads every batch.

Refuses to lock: a hold belongs to the holder of the wallets its points come from.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from psycopg2.extensions import cursor as Cursor

from services.points.domain.amounts import Fen, Points
from services.points.domain.books import LedgerBooks
from services.points.domain.hold import Ended, HeldSlice, Hold, HoldPlaced, HoldTurned, KnownHold
from services.points.store.noun import Noun
from services.points.store.purse import put_lot
from shared.runtime.memory import json_text, pg_array, pg_integers, pg_lines, pg_texts

_PLACE = """
INSERT INTO holds (id, name, identity, holder_id, unit, order_no, price_fen, amount_fen, occurred_at,
                   expires_at, month, journal_id, terms, answer)
SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::uuid[], %s::text[], %s::text[], %s::bigint[],
                     %s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::date[], %s::uuid[], %s::text[],
                     string_to_array(%s, chr(30)))
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
# What holds let go of the open lots that were over by then, and when. The journal of a release names its
# hold; that of a capture stands in its answer.
_LET_GO = """
SELECT e.lot_id::text, e.ended_at, sum(t.amount)::bigint
FROM (
    SELECT DISTINCT l.id AS lot_id, h.id, h.ended_at, h.ended_month
    FROM lots l JOIN hold_slices s ON s.lot_id = l.id JOIN holds h ON h.id = s.hold_id
    WHERE l.is_open AND l.wallet_id = ANY (%s::uuid[]) AND h.ended_at > l.expires_at) AS e
CROSS JOIN LATERAL (
    SELECT j.id FROM journals j WHERE j.month = e.ended_month AND j.subject = e.id AND j.kind = 'release'
    UNION ALL
    SELECT substr(r.answer::json ->> 'journal', 5)::uuid FROM redemptions r
    WHERE r.hold_id = e.id AND r.month = e.ended_month AND r.occurred_at = e.ended_at) AS j(id)
JOIN transfers t ON t.month = e.ended_month AND t.journal_id = j.id AND t.lot_id = e.lot_id
                AND t.from_account < 0 AND t.to_account = -t.from_account
GROUP BY e.lot_id, e.ended_at
"""


def put_holds(books: LedgerBooks, found: Mapping[str, Any], today: Mapping[str, str]) -> None:
    """Put what the load function found of holds into the books: the holds, their lots, what binds orders.

    :param today: who has by now what holders of then had.
    """
    slices: dict[str, list[HeldSlice]] = {}
    for hold_id, place, lot_id, points, left in found["slices"] or ():
        slices.setdefault(hold_id, []).append(HeldSlice(place, lot_id, Points(points), Points(left)))
    for row in found["holds"] or ():
        books.holds[row[0]] = _hold(row, tuple(slices.get(row[0], ())))
    for row in found["held"] or ():
        put_lot(books, row, datetime.fromisoformat)
    for name, holder_id, terms, answer in found["bound"] or ():
        books.order_holds[name] = KnownHold(today.get(holder_id, holder_id), terms, orjson.loads(answer))


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
        occurred_at=datetime.fromisoformat(occurred_at),
        expires_at=datetime.fromisoformat(expires_at),
        terms=terms,
        slices=slices,
        ended_at=None if ended_at is None else datetime.fromisoformat(ended_at),
        ended_by=None if ended_by is None else Ended(ended_by),
    )


def _load_let_go(cursor: Cursor, books: LedgerBooks, identities: Sequence[str]) -> None:
    # Whose wallet somebody else opens in this moment is not here yet: whoever asked comes again.
    found = (books.wallets.get(identity) for identity in identities)
    holders = {wallet.holder_id for wallet in found if wallet is not None}
    cursor.execute(_LET_GO, ([one.id for holder_id in holders for one in books.wallets_of(holder_id)],))
    for lot_id, at, points in cursor.fetchall():
        books.let_go.setdefault(lot_id, {})[at] = points


def _place(cursor: Cursor, changes: Sequence[HoldPlaced]) -> None:
    holds = [one.hold for one in changes]
    cursor.execute(
        _PLACE,
        (
            pg_array([one.id for one in holds]),
            pg_texts([one.name for one in holds]),
            pg_texts([one.identity for one in holds]),
            pg_array([one.holder_id for one in holds]),
            pg_texts([one.unit for one in holds]),
            pg_texts([one.order_no for one in holds]),
            pg_integers([one.price_fen for one in holds]),
            pg_integers([one.amount_fen for one in holds]),
            pg_texts([one.occurred_at.isoformat() for one in holds]),
            pg_texts([one.expires_at.isoformat() for one in holds]),
            pg_array([one.month for one in changes]),
            pg_array([one.journal_id for one in changes]),
            pg_texts([one.terms for one in holds]),
            pg_lines([json_text(one.answer) for one in changes]),
        ),
    )
    _slice(cursor, [(hold.id, one) for hold in holds for one in hold.slices])


def _turn(cursor: Cursor, changes: Sequence[HoldTurned]) -> None:
    # A hold that was turned several times in this batch is written once, as the batch leaves it.
    last = {one.hold.id: one for one in changes}
    holds = [one.hold for one in last.values()]
    cursor.execute(
        _TURN,
        (
            pg_array(last),
            pg_integers([one.captured_fen for one in holds]),
            pg_texts([None if one.ended_at is None else one.ended_at.isoformat() for one in holds]),
            pg_texts([one.ended_by for one in holds]),
            pg_array([None if one.hold.ended_at is None else one.month for one in last.values()]),
        ),
    )
    # So is a slice: as the last of the movements that changed it leaves it.
    slices = {(change.hold.id, one.place): one for change in changes for one in change.slices}
    _slice(cursor, [(hold_id, one) for (hold_id, _), one in slices.items()])


def _slice(cursor: Cursor, slices: Sequence[tuple[str, HeldSlice]]) -> None:
    cursor.execute(
        _SLICE,
        (
            pg_array([hold_id for hold_id, _ in slices]),
            pg_integers([one.place for _, one in slices]),
            pg_array([one.lot_id for _, one in slices]),
            pg_integers([one.points for _, one in slices]),
            pg_integers([one.points_left for _, one in slices]),
        ),
    )


# Those that end first: an order that lets one hold go may get another in the same batch.
HOLD = Noun("hold", writers={HoldTurned: _turn, HoldPlaced: _place})
LET_GO = Noun("let-go", load=_load_let_go)
