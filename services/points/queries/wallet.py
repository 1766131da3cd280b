"""A member's wallet now: usable, pending, about to expire, worth; many members in one question.

Whoever has not changed is shown what was read before, after one look at who they are and which batch changed
them last.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any, NamedTuple

from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from services.points.domain.amounts import Points, Rate
from services.points.queries.wallet_shelf import WalletShelf
from services.points.store.rules import RulebookShelf
from shared.kernel.calendar import days
from shared.kernel.ids import shown
from shared.runtime.memory import pg_texts

SOON = days(30)
"""How far ahead an end counts as near: the same as a wallet's `expiring_soon` says."""

# Planned once: to plan them for each few who wait costs more than to answer them.
_PREPARED = """
PREPARE holders_changed_{number}(text[]) AS
SELECT (SELECT count(*) FROM rules WHERE approved_at IS NOT NULL), holder::text, batch
FROM holders_changed($1) ORDER BY place;
PREPARE wallets_now_{number}(text[], timestamptz, timestamptz) AS
SELECT place, holder::text, asset, available, pending, on_hold, expiring, next_expiry, next_available,
       next_soon, owing, owed_fen
FROM wallets_now($1, $2, $3)
"""
_numbers = count(1)
"""Names what is prepared apart: two may ask through the same connection."""


class _Row(NamedTuple):
    """What is told of an asset's lots, of its points on hold, or of a debt; a wallet has one row at least.

    `next_soon` is the next end of a lot that is more than 30 days away.
    """

    place: int
    holder: str
    asset: str | None
    available: int
    pending: int
    on_hold: int
    expiring: int
    next_expiry: datetime | None
    next_available: datetime | None
    next_soon: datetime | None
    owing: str | None
    owed_fen: int


class Wallets:
    """Reads the wallets of many members at once, each behind the policy of its own holder.

    One instance belongs to one thread: it keeps the rulebook until another rule is approved, and each wallet
    until it changes.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._rulebooks = RulebookShelf()
        self._shelf = WalletShelf()
        self._connection: Connection | None = None
        self._number = 0
        self._rates: Mapping[str, Rate] = {}

    def read(self, cursor: Cursor, identities: Sequence[str]) -> list[Mapping[str, Any]]:
        """Give each wallet: per asset available, pending, on hold, expiring within 30 days, worth in fen.

        :return: a view for each identity, in that order; without a holder where there is no wallet.
        """
        at = self._clock()
        if cursor.connection is not self._connection:
            self._prepare(cursor)
        # Asked before the wallets are read, so that none is kept under a later batch than it shows.
        cursor.execute(f"EXECUTE holders_changed_{self._number}(%s)", (pg_texts(identities),))
        asked = cursor.fetchall()
        self._price(cursor, asked[0][0] if asked else 0, at)
        found: dict[str, Mapping[str, Any]] = {}
        unread: dict[str, tuple[str, int]] = {}
        for identity, (_, holder, batch) in zip(identities, asked, strict=True):
            kept = None if holder is None else self._shelf.find(holder, batch, at)
            if kept is not None:
                found[identity] = kept
            elif holder is not None:
                unread[identity] = (holder, batch)
        if unread:
            self._read(cursor, unread, at, found)
        return [found.get(identity) or _empty(None) for identity in identities]

    def _prepare(self, cursor: Cursor) -> None:
        """Prepare what is asked on this connection; whatever was read through another one is let go.

        Behind it may stand a database that came back from a backup: it gives numbers of batches once more.
        """
        self._number = next(_numbers)
        cursor.execute(_PREPARED.format(number=self._number))
        self._shelf.clear()
        self._connection = cursor.connection

    def _price(self, cursor: Cursor, approved: int, at: datetime) -> None:
        """Take the rates of that moment; what was shown at other ones is let go.

        :param approved: how many rules are, which tells whether the rulebook that is kept is still the last.
        """
        rulebook, _ = self._rulebooks.at(cursor, approved)
        rates = rulebook.rates(at)
        if rates != self._rates:
            self._shelf.clear()
            self._rates = rates

    def _read(
        self,
        cursor: Cursor,
        unread: Mapping[str, tuple[str, int]],
        at: datetime,
        found: dict[str, Mapping[str, Any]],
    ) -> None:
        """Read wallets whose holders and last batches were asked before, and keep them."""
        identities = list(unread)
        asking = (pg_texts(identities), at, at + SOON)
        cursor.execute(f"EXECUTE wallets_now_{self._number}(%s, %s, %s)", asking)
        rows: dict[str, list[_Row]] = {}
        for row in map(_Row._make, cursor.fetchall()):
            rows.setdefault(identities[row.place - 1], []).append(row)
        for identity, told in rows.items():
            found[identity] = view = _view(told, self._rates)
            holder, batch = unread[identity]
            # Whoever was linked to somebody else in between is shown, and not kept under a name of before.
            if told[0].holder == holder:
                self._shelf.keep(holder, batch, at, _until(told), view)


def _empty(holder: str | None) -> dict[str, Any]:
    return {"holder": holder, "worth_fen": 0, "assets": [], "owed_fen": 0, "owed": []}


def _view(rows: Sequence[_Row], rates: Mapping[str, Rate]) -> Mapping[str, Any]:
    view = _empty(shown("hol", rows[0].holder))
    assets: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row.owing is not None:
            view["owed_fen"] += row.owed_fen
            view["owed"].append({"unit": row.owing, "amount_fen": row.owed_fen})
        elif row.asset in assets:
            # Its lots were told before: these are on hold.
            assets[row.asset]["held"] += row.on_hold
        elif row.asset is not None:
            assets[row.asset] = _asset(row, rates.get(row.asset))
    view["assets"] = [assets[asset] for asset in sorted(assets)]
    view["worth_fen"] = sum(one["worth_fen"] for one in view["assets"])
    return view


def _asset(row: _Row, rate: Rate | None) -> dict[str, Any]:
    return {
        "asset": row.asset,
        "available": row.available,
        "pending": row.pending,
        "held": row.on_hold,
        "expiring_soon": row.expiring,
        "next_expiry_at": row.next_expiry,
        "worth_fen": rate.worth(Points(row.available)) if rate else 0,
    }


def _until(rows: Sequence[_Row]) -> datetime | None:
    """Give when points become usable next, are about to expire, or do; None if never."""
    told = [moment for row in rows for moment in (row.next_expiry, row.next_available) if moment is not None]
    soon = [row.next_soon - SOON for row in rows if row.next_soon is not None]
    return min(told + soon, default=None)
