"""Quotes and exchanges. A quote is written once; that it was used is its exchange, of which it has one."""

from collections.abc import Sequence
from typing import Any

import orjson
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from services.points.domain.amounts import Fen, Points, Rate
from services.points.domain.books import LedgerBooks
from services.points.domain.exchange import Locked, Worked
from services.points.domain.quote import ExchangeKept, Quote, QuoteKept
from services.points.store.noun import Noun
from shared.runtime.memory import json_text

_QUOTES = """
SELECT id, identity, rules_known, expires_at, from_asset, to_asset, points, given, value_fen, fee_fen,
       residual_fen, in_numerator, in_denominator, out_numerator, out_denominator, pair_numerator,
       pair_denominator, fee_bp, quoted_at
FROM quotes WHERE id = ANY (%s::uuid[])
"""
_KEEP_QUOTES = """
INSERT INTO quotes (id, identity, rules_known, expires_at, from_asset, to_asset, points, given, value_fen,
                    fee_fen, residual_fen, in_numerator, in_denominator, out_numerator, out_denominator,
                    pair_numerator, pair_denominator, fee_bp, quoted_at) VALUES %s
"""
_KEEP_EXCHANGES = """
INSERT INTO exchanges (id, quote_id, holder_id, day, occurred_at, month, answer, from_asset, to_asset, points,
                       given, value_fen, fee_fen, residual_fen, in_numerator, in_denominator, out_numerator,
                       out_denominator, pair_numerator, pair_denominator, fee_bp, quoted_at) VALUES %s
"""
_USED = "SELECT quote_id, answer FROM exchanges WHERE quote_id = ANY (%s::uuid[])"
# What a number exchanged before it was linked counts for the person it belongs to now.
_DAYS = """
SELECT w.holder_id, e.day, sum(e.value_fen)::bigint
FROM (SELECT DISTINCT holder_id, first_holder_id FROM wallets WHERE holder_id = ANY (%s::uuid[])) AS w
JOIN exchanges e ON e.holder_id = w.first_holder_id GROUP BY w.holder_id, e.day
"""


def _load_quotes(cursor: Cursor, books: LedgerBooks, ids: Sequence[str]) -> None:
    cursor.execute(_QUOTES, (list(ids),))
    for id_, identity, rules_known, expires_at, *pinned in cursor.fetchall():
        books.quotes[id_] = _quote(id_, identity, rules_known, expires_at, pinned)
    cursor.execute(_USED, (list(ids),))
    for quote_id, answer in cursor.fetchall():
        books.exchanges[quote_id] = orjson.loads(answer)


def _quote(id_: str, identity: str, rules_known: int, expires_at: Any, pinned: Sequence[Any]) -> Quote:
    from_asset, to_asset, points, given, value, fee, residual, *rates, fee_bp, quoted_at = pinned
    in_numerator, in_denominator, out_numerator, out_denominator, pair_numerator, pair_denominator = rates
    return Quote(
        id=id_,
        identity=identity,
        locked=Locked(
            from_asset,
            to_asset,
            Rate(in_numerator, in_denominator),
            Rate(out_numerator, out_denominator),
            None if pair_numerator is None else Rate(pair_numerator, pair_denominator),
            fee_bp,
        ),
        worked=Worked(Points(points), Fen(value), Fen(fee), Points(given), Fen(residual)),
        rules_known=rules_known,
        quoted_at=quoted_at,
        expires_at=expires_at,
    )


def _load_days(cursor: Cursor, books: LedgerBooks, identities: Sequence[str]) -> None:
    found = (books.wallets.get(identity) for identity in identities)
    holders = sorted({wallet.holder_id for wallet in found if wallet is not None})
    cursor.execute(_DAYS, (holders,))
    for holder_id, day, fen in cursor.fetchall():
        books.exchanged[holder_id, day] = fen


def _pinned(quote: Quote) -> tuple[Any, ...]:
    terms, whole = quote.locked, quote.worked
    pair = (None, None) if terms.pair is None else (terms.pair.numerator, terms.pair.denominator)
    return (
        terms.from_asset,
        terms.to_asset,
        whole.points,
        whole.given,
        whole.value_fen,
        whole.fee_fen,
        whole.residual_fen,
        terms.value_in.numerator,
        terms.value_in.denominator,
        terms.value_out.numerator,
        terms.value_out.denominator,
        *pair,
        terms.fee_bp,
        quote.quoted_at,
    )


def _keep_quotes(cursor: Cursor, changes: Sequence[QuoteKept]) -> None:
    quotes = [change.quote for change in changes]
    execute_values(
        cursor,
        _KEEP_QUOTES,
        [(one.id, one.identity, one.rules_known, one.expires_at, *_pinned(one)) for one in quotes],
        page_size=1000,
    )


def _keep_exchanges(cursor: Cursor, changes: Sequence[ExchangeKept]) -> None:
    execute_values(
        cursor,
        _KEEP_EXCHANGES,
        [
            (
                one.id,
                one.quote.id,
                one.holder_id,
                one.day,
                one.occurred_at,
                one.month,
                json_text(one.answer),
                *_pinned(one.quote),
            )
            for one in changes
        ],
        page_size=1000,
    )


QUOTES = Noun("quote", load=_load_quotes, writers={QuoteKept: _keep_quotes, ExchangeKept: _keep_exchanges})
EXCHANGED = Noun("exchanged", load=_load_days)
