"""Receipts in doubt: all that was told about a receipt beside its own row, guarded by the receipt's name."""

from collections.abc import Sequence
from typing import Any

from psycopg2.extensions import cursor as Cursor

from services.points.domain.books import LedgerBooks
from services.points.domain.doubt import (
    Doubt,
    DoubtHalfAccepted,
    DoubtRaised,
    DoubtState,
    DoubtTurned,
    FirstYes,
    Source,
)
from services.points.store.noun import Noun
from shared.kernel.calendar import day_of

_READ = """
SELECT d.id::text, d.name, d.unit, d.store, d.number, d.identity, d.wallet_id::text, w.holder_id::text,
       d.amount_fen, d.purchased_at, d.source, d.told_by, d.told_at, d.state, d.decided_by, d.reason,
       d.receipt_id::text, d.first_accepted_by, d.first_accepted_at, d.first_reason, d.first_beside
FROM doubts d JOIN wallets w ON w.id = d.wallet_id WHERE d.name = ANY (%s)
"""
_OWNERS = "SELECT id::text, holder_id::text FROM wallets WHERE id = ANY (%s::uuid[])"
_CLAIMS = """
SELECT w.holder_id::text, count(*) FROM doubts d JOIN wallets w ON w.id = d.wallet_id
WHERE d.day = %(day)s AND d.source = 'photo' AND d.wallet_id = ANY (ARRAY(
    SELECT id FROM wallets WHERE holder_id = ANY (ARRAY(
        SELECT holder_id FROM wallets WHERE identity = ANY (%(members)s)))))
GROUP BY w.holder_id
"""
_SOURCE, _STATE = 10, 13


def load_doubts(cursor: Cursor, books: LedgerBooks, names: Sequence[str]) -> None:
    """Read all words about receipts of which there are any, and whose a receipt is that is known."""
    cursor.execute(_READ, (list(names),))
    for row in cursor.fetchall():
        facts: list[Any]
        *facts, by, at, reason, beside = row
        facts[_SOURCE], facts[_STATE] = Source(facts[_SOURCE]), DoubtState(facts[_STATE])
        facts.append(None if by is None else FirstYes(by, at, reason, beside))
        doubt = Doubt(*facts)
        books.doubts.setdefault(doubt.name, {})[doubt.id] = doubt
    # Whose a receipt is that was told before, one must know to tell a repeat from another person's word.
    wallets = {books.receipts[name].wallet_id for name in names if name in books.receipts}
    if wallets:
        cursor.execute(_OWNERS, (sorted(wallets),))
        books.owners.update(cursor.fetchall())


def _load_claims(cursor: Cursor, books: LedgerBooks, members: Sequence[str]) -> None:
    cursor.execute(_CLAIMS, {"day": day_of(books.now), "members": list(members)})
    books.claims.update(cursor.fetchall())


def _raise(cursor: Cursor, changes: Sequence[DoubtRaised]) -> None:
    for one in (change.doubt for change in changes):
        cursor.execute(
            "INSERT INTO doubts (id, name, unit, store, number, identity, wallet_id, amount_fen,"
            " purchased_at, source, told_by, told_at, day, state)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                one.id,
                one.name,
                one.unit,
                one.store,
                one.number,
                one.identity,
                one.wallet_id,
                one.amount_fen,
                one.purchased_at,
                one.source.value,
                one.told_by,
                one.told_at,
                day_of(one.told_at),
                one.state.value,
            ),
        )


def _decide(cursor: Cursor, changes: Sequence[DoubtTurned]) -> None:
    for one in changes:
        doubt = one.doubt
        cursor.execute(
            "UPDATE doubts SET state = %s, decided_by = %s, decided_at = %s, reason = %s, receipt_id = %s"
            " WHERE id = %s",
            (doubt.state.value, doubt.decided_by, one.at, doubt.reason, doubt.receipt_id, doubt.id),
        )


def _accept_half(cursor: Cursor, changes: Sequence[DoubtHalfAccepted]) -> None:
    for doubt in (change.doubt for change in changes):
        first = doubt.first_yes
        assert first is not None
        cursor.execute(
            "UPDATE doubts SET first_accepted_by = %s, first_accepted_at = %s, first_reason = %s,"
            " first_beside = %s WHERE id = %s",
            (first.by, first.at, first.reason, first.beside, doubt.id),
        )


DOUBTS = Noun("doubts", writers={DoubtRaised: _raise, DoubtTurned: _decide, DoubtHalfAccepted: _accept_half})
CLAIMS = Noun("claims", load=_load_claims)
