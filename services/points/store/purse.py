"""Purses: which lots a batch must have loaded so that what its commands spend is paid soonest-expiring first.

Whoever pays with a few of a hundred lots need not read a hundred. Read is a beginning of the spending order,
as long as purses lately needed; where it is not worth every wish of that holder in the batch, all is read.
Refuses to guess: what is not worth enough is read whole, never spent out of order.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg2.extensions import cursor as Cursor

from services.points.domain.amounts import Points, Rate
from services.points.domain.books import LedgerBooks
from services.points.domain.lot import Lot, Origin
from shared.runtime.memory import Claim, pg_texts

REACH_LEAST, REACH_MOST = 4, 64
"""How many lots of a holder are read at first, at least and at most."""

_POINTS, _EARNED_AT, _EXPIRES_AT = 7, 8, 10
_WHOLE = """
SELECT id::text, wallet_id::text, asset, issuer, receipt_number, parent_id::text, earned, points_left,
       earned_at, available_at, expires_at, origin
FROM lots WHERE is_open AND wallet_id = ANY (%s::uuid[])
"""


class Reach:
    """How many of a purse's lots a desk's next batch reads at first: as many as nine of ten lately needed."""

    def __init__(self) -> None:
        self.lots = 8

    def learn(self, needed: Sequence[int]) -> None:
        """Follow what a batch's purses needed: upwards at once, downwards by and by."""
        if needed:
            # Whatever lies level with the last lot is left out, so one more must be read.
            enough = sorted(needed)[len(needed) * 9 // 10] + 1
            self.lots = max(REACH_LEAST, min(REACH_MOST, max(enough, self.lots - self.lots // 8 - 1)))


class Purses:
    """The purses that a batch's commands name, by identity, each with the fen they must be worth."""

    def __init__(self, claims: Iterable[Claim], reach: Reach) -> None:
        self._reach = reach
        self._fen: dict[str, int] = {}
        for claim in claims:
            for noun, name in claim.needs.facts:
                if noun == "purse":
                    fen, _, identity = name.partition(" ")
                    # A fen more for each wish after another: what that one leaves of a lot may be worth as
                    # much less.
                    before = self._fen.get(identity)
                    self._fen[identity] = int(fen) if before is None else before + int(fen) + 1

    def parameters(self) -> tuple[str, int]:
        """Give the identities that pay, and down to how many lots theirs are read."""
        return pg_texts(self._fen), self._reach.lots

    def put(
        self, cursor: Cursor, books: LedgerBooks, rows: Iterable[tuple[str, Sequence[Sequence[Any]] | None]]
    ) -> None:
        """Put each holder's first lots into the books, and read all of whoever's are not worth enough."""
        wished = self._wished(books)
        rates = books.rulebook.rates(books.now)
        needed: list[int] = []
        short: list[str] = []
        for holder_id, lots in rows:
            known = _level(lots or (), self._reach.lots)
            count = _count_worth(known, rates, wished.get(holder_id, 0))
            for lot in known:
                put_lot(books, lot, datetime.fromisoformat)
            if count is None and lots and len(lots) == self._reach.lots:
                short += books.held[holder_id]
            needed.append(len(known) if count is None else count)
        self._reach.learn([count * 2 for count in needed] if short else needed)
        if short:
            cursor.execute(_WHOLE, (short,))
            for row in cursor.fetchall():
                put_lot(books, row, _as_it_is)

    def _wished(self, books: LedgerBooks) -> dict[str, int]:
        """Add up by holder what is wished of the identities, in fen."""
        wished: dict[str, int] = {}
        for identity, fen in self._fen.items():
            wallet = books.wallets.get(identity)
            if wallet is not None:
                wished[wallet.holder_id] = wished.get(wallet.holder_id, 0) + fen
        return wished


def _level(lots: Sequence[Sequence[Any]], reach: int) -> Sequence[Sequence[Any]]:
    """Leave out what lies level with the last lot read: of those that are spent at once there may be more."""
    if len(lots) < reach:
        return lots
    last = (lots[-1][_EXPIRES_AT], lots[-1][_EARNED_AT])
    place = len(lots)
    while place and (lots[place - 1][_EXPIRES_AT], lots[place - 1][_EARNED_AT]) == last:
        place -= 1
    return lots[:place]


def _count_worth(lots: Sequence[Sequence[Any]], rates: Mapping[str, Rate], fen: int) -> int | None:
    """Count how many lots in this order are worth that much, each rounded down; None where all are not."""
    left = fen
    for place, lot in enumerate(lots, 1):
        rate = rates.get(lot[2])
        if rate is not None:
            left -= rate.worth(lot[_POINTS])
            if left <= 0:
                return place
    return None


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
