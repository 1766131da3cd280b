"""A member's wallet now: usable, pending, about to expire, worth; many members in one question."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg2.extensions import cursor as Cursor

from services.points.domain.amounts import Points, Rate
from services.points.store.rules import RulebookShelf
from shared.kernel.calendar import days
from shared.kernel.ids import shown

SOON_DAYS = 30

_APPROVED = "SELECT count(*) FROM rules WHERE approved_at IS NOT NULL"
_READ = (
    "SELECT place, holder::text, owing, owed_fen, asset, available, pending, on_hold, expiring, next_expiry"
    " FROM wallets_shown(%s, %s, %s)"
)


class Wallets:
    """Reads the wallets of many members at once, each behind the policy of its own holder.

    One instance belongs to one thread: it keeps the rulebook until another rule is approved.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._shelf = RulebookShelf()

    def read(self, cursor: Cursor, identities: Sequence[str]) -> list[Mapping[str, Any]]:
        """Give each wallet: per asset available, pending, on hold, expiring within 30 days, worth in fen."""
        at = self._clock()
        cursor.execute(_APPROVED)
        rulebook, _ = self._shelf.at(cursor, (cursor.fetchone() or (0,))[0])
        rates = rulebook.rates(at)
        views: list[dict[str, Any]] = [
            {"holder": None, "worth_fen": 0, "assets": [], "owed_fen": 0, "owed": []} for _ in identities
        ]
        cursor.execute(_READ, (list(identities), at, at + days(SOON_DAYS)))
        for place, holder, owing, owed_fen, *asset in cursor.fetchall():
            view = views[place - 1]
            view["holder"] = shown("hol", holder)
            if owing is not None:
                view["owed_fen"] += owed_fen
                view["owed"].append({"unit": owing, "amount_fen": owed_fen})
            elif asset[0] is not None:
                _add(view, rates, *asset)
        return list(views)


def _add(
    view: dict[str, Any],
    rates: Mapping[str, Rate],
    asset: str,
    available: int,
    pending: int,
    on_hold: int,
    expiring: int,
    next_expiry: datetime,
) -> None:
    rate = rates.get(asset)
    worth_fen = rate.worth(Points(available)) if rate else 0
    view["worth_fen"] += worth_fen
    view["assets"].append(
        {
            "asset": asset,
            "available": available,
            "pending": pending,
            "held": on_hold,
            "expiring_soon": expiring,
            "next_expiry_at": next_expiry,
            "worth_fen": worth_fen,
        }
    )
