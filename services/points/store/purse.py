"""Purses: which lots a batch must have loaded so that what its commands spend is paid soonest-expiring first.

Whoever pays with a few of a hundred lots need not read a hundred. Loaded is a beginning of the spending order
that is worth every wish of that holder in the batch; where it turns out to be worth less, all is loaded.
Refuses to guess: what is not worth enough is read whole, never spent out of order.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg2.extensions import cursor as Cursor

from services.points.domain.amounts import Points, Rate
from services.points.domain.books import LedgerBooks
from services.points.domain.lot import Lot, Origin
from services.points.domain.spending import worth
from shared.runtime.memory import Claim, pg_array, pg_texts

PPM, WORTH_PPM_MAX = 1_000_000, 10_000_000_000
"""What a point is worth, in millionths of a fen, rounded down; above the most it is underrated, so that the
database's product with up to 900 million points stays within 64 bits."""

_WHOLE = """
SELECT id::text, wallet_id::text, asset, issuer, receipt_number, parent_id::text, earned, points_left,
       earned_at, available_at, expires_at, origin
FROM lots WHERE is_open AND wallet_id = ANY (%s::uuid[])
"""


class Purses:
    """The purses that a batch's commands name, by identity, each with the fen they must be worth."""

    def __init__(self, claims: Iterable[Claim]) -> None:
        self._fen: dict[str, int] = {}
        for claim in claims:
            for noun, name in claim.needs.facts:
                if noun == "purse":
                    fen, _, identity = name.partition(" ")
                    # A fen more for each wish: what is left of a lot may be worth that much less.
                    self._fen[identity] = self._fen.get(identity, 0) + int(fen) + 1

    def parameters(self, rates: Mapping[str, Rate]) -> tuple[str, ...]:
        """Write identities, their fen, and the rates by which the database may judge, as array literals."""
        return (
            pg_texts(self._fen),
            pg_array(self._fen.values()),
            pg_texts(rates),
            pg_array(min(rate.worth(Points(PPM)), WORTH_PPM_MAX) for rate in rates.values()),
        )

    def put(self, cursor: Cursor, books: LedgerBooks, rows: Iterable[Sequence[Any]]) -> None:
        """Put the loaded lots into the books, and read all of whoever's were not worth enough."""
        moment = datetime.fromisoformat
        partly: set[str] = set()
        for *lot, is_whole in rows:
            put_lot(books, lot, moment)
            if not is_whole:
                partly.add(lot[1])
        short = self._short(books, partly) if partly else ()
        if short:
            cursor.execute(_WHOLE, (short,))
            for row in cursor.fetchall():
                put_lot(books, row, _as_it_is)

    def _short(self, books: LedgerBooks, partly: set[str]) -> list[str]:
        """Give the wallets of holders of whom a part was loaded that is not worth what is wished."""
        wished: dict[str, int] = {}
        for identity, fen in self._fen.items():
            wallet = books.wallets.get(identity)
            if wallet is not None:
                wished[wallet.holder_id] = wished.get(wallet.holder_id, 0) + fen
        rates = books.rulebook.rates(books.now)
        short: list[str] = []
        for holder_id, fen in wished.items():
            purse = books.held[holder_id]
            if not partly.isdisjoint(purse):
                lots = (lot for lot in books.lots_of(holder_id) if lot.asset in rates)
                if worth(lots, rates) < fen:
                    short += purse
        return short


def put_lot(books: LedgerBooks, row: Sequence[Any], moment: Callable[[Any], datetime]) -> None:
    """Put one lot into the books; `moment` reads its times."""
    (
        id_,
        wallet_id,
        asset,
        issuer,
        number,
        parent,
        earned,
        left,
        earned_at,
        available_at,
        expires_at,
        origin,
    ) = row
    books.lots.setdefault(wallet_id, {})[id_] = Lot(
        id_,
        wallet_id,
        asset,
        issuer,
        number,
        Points(earned),
        Points(left),
        moment(earned_at),
        moment(available_at),
        moment(expires_at),
        parent,
        _ORIGINS[origin],
    )


_ORIGINS = {origin.value: origin for origin in Origin}


def _as_it_is(moment: datetime) -> datetime:
    return moment
