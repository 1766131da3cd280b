"""Quote an exchange: what points of one asset would become in another, rate and fee locked for a while."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.points.domain.authority import stated_time
from services.points.domain.books import LedgerBooks
from services.points.domain.exchange import SameAsset, agreed
from services.points.domain.exchange_terms import pair_subject
from services.points.domain.lot import usable_in_order
from services.points.domain.quote import VALID_FOR, Quote, QuoteKept, locked
from services.points.domain.rulebook import Rulebook, RuleKind
from shared.kernel.command import Asked, Needs, Outcome
from shared.kernel.ids import shown


@dataclass(frozen=True, slots=True)
class QuoteExchange:
    """A wish of a holder, found by one of their identities: give `points`, or get at least `to_points`."""

    asked: Asked
    identity: str
    from_asset: str
    to_asset: str
    points: int | None
    to_points: int | None
    at: datetime | None = None

    def needs(self) -> Needs:
        """Need the holder, and every open lot of the holder."""
        return Needs(rows=(("identity", self.identity),), facts=(("lots", self.identity),))


def quote_exchange(books: LedgerBooks, command: QuoteExchange) -> Outcome:
    """Work out the wish at the rates in force and keep it to be carried out once.

    :raises SameAsset: if an asset is to become itself.
    :raises GivesNothing: if so few points become nothing.
    :raises TooFewPoints: if the holder has fewer usable ones.
    """
    if command.from_asset == command.to_asset:
        raise SameAsset(asset=command.from_asset)
    now = stated_time(command.asked.principal, command.at, books.now)
    terms = locked(books.rulebook, command.from_asset, command.to_asset, now)
    wallet = books.wallet(command.identity)
    held = (lot for lot in books.lots_of(wallet.holder_id) if lot.asset == command.from_asset)
    available = sum(lot.points_left for lot in usable_in_order(held, now))
    quote = Quote(
        id=command.asked.id,
        identity=command.identity,
        locked=terms,
        worked=agreed(terms, command.points, command.to_points, available),
        rules_known=len(books.rulebook.versions),
        quoted_at=now,
        expires_at=now + VALID_FOR,
    )
    return Outcome((QuoteKept(quote),), _answer(quote, books.rulebook))


def _answer(quote: Quote, rulebook: Rulebook) -> Mapping[str, Any]:
    terms, found = quote.locked, quote.worked
    pair = (RuleKind.PAIR, pair_subject(terms.from_asset, terms.to_asset))
    rates = ((RuleKind.RATE, terms.from_asset), (RuleKind.RATE, terms.to_asset))
    return {
        "quote": shown("quo", quote.id),
        "from_asset": terms.from_asset,
        "to_asset": terms.to_asset,
        "points": found.points,
        "given": found.given,
        "value_fen": found.value_fen,
        "fee_fen": found.fee_fen,
        "residual_fen": found.residual_fen,
        "fee_bp": terms.fee_bp,
        "rate": {"numerator": terms.rate.numerator, "denominator": terms.rate.denominator},
        "versions": rulebook.versions_of(quote.quoted_at, *rates, pair, (RuleKind.EXCHANGE, "group")),
        "expires_at": quote.expires_at,
    }
