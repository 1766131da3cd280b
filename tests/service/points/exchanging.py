"""Quotes and exchanges as tests ask for them, at the house's first desk or any other."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from services.points.commands.exchange_points import ExchangePoints
from services.points.commands.quote_exchange import QuoteExchange
from services.points.domain.rulebook import RuleKind
from shared.kernel.command import Answer
from shared.kernel.ids import read
from shared.runtime.clock import mint_id
from tests import stack
from tests.service.points.closing_room import audited
from tests.service.points.ledger_house import NOON, LedgerHouse, PointsDesk, answer_of, asked
from tests.service.points.soundness import unsound

LEGS = """
SELECT t.asset, t.amount, coalesce(a.role, 'wallet'), coalesce(b.role, 'wallet'), t.worth_fen
FROM transfers t JOIN journals j ON j.id = t.journal_id
LEFT JOIN accounts a ON a.id = t.from_account LEFT JOIN accounts b ON b.id = t.to_account
WHERE 'jrn_' || replace(j.id::text, '-', '') = %s ORDER BY t.id
"""
"""The lines of a journal by its shown id: asset, amount, roles of both ends, worth."""


def rich(house: LedgerHouse, points: int, unit: str = "residential", at: datetime = NOON) -> str:
    """Make somebody with that many points of a unit."""
    return house.fund(f"R-{mint_id()}", points, unit, at)


def quoting(
    identity: str,
    assets: str,
    points: int | None = None,
    *,
    to_points: int | None = None,
    at: datetime = NOON,
    key: str | None = None,
) -> QuoteExchange:
    """Make a wish, the two assets as in `HOTL-MALL`."""
    from_asset, _, to_asset = assets.partition("-")
    head = asked(key, body=f"{identity} {assets} {points} {to_points}")
    return QuoteExchange(head, identity, from_asset, to_asset, points, to_points, at)


def carrying_out(
    identity: str, quote: dict[str, Any] | str, at: datetime = NOON, key: str | None = None
) -> ExchangePoints:
    """Make the wish to carry out a quote."""
    name = quote if isinstance(quote, str) else str(quote["quote"])
    return ExchangePoints(asked(key, body=f"{identity} {name}"), identity, read("quo", name) or "", at)


def quoted(
    house: LedgerHouse, identity: str, assets: str, points: int, at: datetime = NOON
) -> dict[str, Any]:
    """Give a quote that must be given."""
    return answer_of(house.obey(quoting(identity, assets, points, at=at))[0])


def exchanged(
    desk: PointsDesk, identity: str, assets: str, points: int, at: datetime = NOON
) -> tuple[dict[str, Any], Answer]:
    """Ask for a quote and carry it out; give the quote and the answer."""
    quote = answer_of(desk.obey_all([quoting(identity, assets, points, at=at)])[0])
    return quote, desk.obey_all([carrying_out(identity, quote, at)])[0]


@contextmanager
def house_with(
    fee_bp: int = 0, member_day_points: int | None = None, pair_month_points: int | None = None
) -> Iterator[LedgerHouse]:
    """Lend a house of its own under these terms, whose books the auditor finds sound at the end."""
    terms = {
        "fee_bp": fee_bp,
        "member_day_points": member_day_points,
        "pair_month_points": pair_month_points,
    }
    with stack.database_per_module("points") as database:
        house = LedgerHouse(database)
        house.add_rule(RuleKind.EXCHANGE, "group", terms)
        yield house
        house.close()
        assert audited(database).findings == ()
        assert unsound(database) == {}


def holdings(house: LedgerHouse, identity: str) -> dict[str, int]:
    """Give what the holder of an identity has of each asset, from the lots."""
    return dict(
        house.rows(
            "SELECT l.asset, sum(l.points_left)::bigint FROM lots l JOIN wallets w ON w.id = l.wallet_id"
            " WHERE w.holder_id = (SELECT holder_id FROM wallets WHERE identity = %s) AND l.points_left > 0"
            " GROUP BY l.asset",
            identity,
        )
    )
