"""Purchases that come back: receipts by our id or by their own name, and what came back of them.

Refuses to lock: a receipt belongs to the holder of its wallet.
"""

from collections.abc import Sequence
from typing import Any

import orjson
from psycopg2.extensions import cursor as Cursor

from services.points.domain.account import GROUP
from services.points.domain.amounts import Fen, Points
from services.points.domain.books import LedgerBooks
from services.points.domain.earning import Earning, Terms
from services.points.domain.sale import KnownReturn, Part, ReturnKept, Sale
from services.points.store.debts import load_accounts
from services.points.store.noun import Noun
from shared.kernel.ids import read
from shared.runtime.memory import json_text

_BY_ID = """
SELECT r.id::text, w.identity FROM receipts r JOIN wallets w ON w.id = r.wallet_id
WHERE r.id = ANY (%s::uuid[])
"""
_BY_NAME = """
SELECT r.name, w.identity FROM receipts r JOIN wallets w ON w.id = r.wallet_id WHERE r.name = ANY (%s)
"""
_RECEIPTS = """
SELECT r.name, r.id::text, r.unit, r.store, r.number, r.wallet_id::text, r.amount_fen, r.purchased_at,
       r.points, r.terms, r.answer
FROM receipts r
"""
# A purchase may come back in thousands of parts: those of a category count like one.
_RETURNED = """
SELECT receipt_id::text, sum(amount_fen)::bigint, category FROM returns
WHERE receipt_id = ANY (%s::uuid[]) GROUP BY receipt_id, category ORDER BY receipt_id, category
"""
_KNOWN = "SELECT name, receipt_id::text, amount_fen, category, answer FROM returns WHERE name = ANY (%s)"
_KEEP = """
INSERT INTO returns (name, id, receipt_id, unit, return_no, amount_fen, category, returned_fen, points,
                     debt_fen, occurred_at, month, answer)
SELECT * FROM unnest(%s::text[], %s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::bigint[], %s::text[],
                     %s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[], %s::date[], %s::text[])
"""


def _load_by_id(cursor: Cursor, books: LedgerBooks, ids: Sequence[str]) -> None:
    cursor.execute(f"{_RECEIPTS} WHERE r.id = ANY (%s::uuid[])", (list(ids),))
    _put(cursor, books, {("receipt", row[1]): row for row in cursor.fetchall()})


def _load_by_name(cursor: Cursor, books: LedgerBooks, names: Sequence[str]) -> None:
    cursor.execute(f"{_RECEIPTS} WHERE r.name = ANY (%s)", (list(names),))
    _put(cursor, books, {("receipt-name", row[0]): row for row in cursor.fetchall()})


def _put(cursor: Cursor, books: LedgerBooks, rows: dict[tuple[str, str], Any]) -> None:
    found = {row: _sale(*columns[1:]) for row, columns in rows.items()}
    back: dict[str, list[Part]] = {}
    cursor.execute(_RETURNED, ([one.id for one in found.values()],))
    for receipt, fen, category in cursor.fetchall():
        back.setdefault(receipt, []).append(Part(Fen(fen), category))
    for row, sale in found.items():
        for part in back.get(sale.id, ()):
            sale = sale.with_part(part)
        books.sales[row] = sale
    load_accounts(
        cursor, books, {(one.wallet_id, issuer) for one in found.values() for issuer in (one.unit, GROUP)}
    )


def _sale(
    id_: str,
    unit: str,
    store: str,
    number: str,
    wallet_id: str,
    amount_fen: int,
    purchased_at: Any,
    points: int,
    terms: str,
    answer: str,
) -> Sale:
    told, kept = orjson.loads(answer), Terms.read(orjson.loads(terms))
    bonus = kept.given.points if kept.given else Points(0)
    lots = {"points": told["lot"], "bonus": (told.get("bonus") or {}).get("lot")}
    return Sale(
        id=id_,
        unit=unit,
        store=store,
        receipt_no=number,
        wallet_id=wallet_id,
        amount_fen=Fen(amount_fen),
        purchased_at=purchased_at,
        terms=kept,
        given=Earning(Points(points), bonus),
        lots={of: read("lot", lot) or "" for of, lot in lots.items() if lot},
    )


def _load_known(cursor: Cursor, books: LedgerBooks, names: Sequence[str]) -> None:
    cursor.execute(_KNOWN, (list(names),))
    for name, receipt_id, fen, category, answer in cursor.fetchall():
        books.returns[name] = KnownReturn(receipt_id, Part(Fen(fen), category), orjson.loads(answer))


def _keep(cursor: Cursor, changes: Sequence[ReturnKept]) -> None:
    rows = [
        (
            one.name,
            one.id,
            one.receipt_id,
            one.unit,
            one.return_no,
            one.part.fen,
            one.part.category,
            one.returned_fen,
            one.points,
            one.debt_fen,
            one.occurred_at,
            one.month,
            json_text(one.answer),
        )
        for one in changes
    ]
    cursor.execute(_KEEP, tuple(list(column) for column in zip(*rows, strict=True)))


RECEIPT = Noun("receipt", _load_by_id, _BY_ID, spends=True)
RECEIPT_NAME = Noun("receipt-name", _load_by_name, _BY_NAME, spends=True)
RETURN = Noun("return", _load_known, writers={ReturnKept: _keep})
