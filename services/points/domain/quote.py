"""A quote: rate and fee of one exchange, locked for five minutes, to be carried out once.

What it gives follows from the points alone, whichever lots they come from, so that nobody gets less than they
were told. Refuses to outlive a publication under which it would be a way to gain.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from services.points.domain.amounts import Fen
from services.points.domain.arbitrage import best_way, moments, ways
from services.points.domain.exchange import ExchangeLimitReached, Locked, Worked
from services.points.domain.exchange_terms import ExchangeTerms
from services.points.domain.rulebook import Rulebook
from shared.kernel.calendar import day_of
from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words

VALID_FOR = timedelta(minutes=5)


class QuoteExpired(Refusal):
    """The quote's five minutes are over."""

    kind = Kind.GONE
    code = "quote-expired"
    title = Words("报价已过期", "The quote has expired")
    advice = Words(
        "报价已于 {expired_at} 过期，请重新询价。", "It expired at {expired_at}; ask for a new quote."
    )


class QuoteVoid(Refusal):
    """A rate has been published since, under which the quote would give more than it takes."""

    kind = Kind.CONFLICT
    code = "quote-void"
    title = Words("报价已失效", "The quote is void")
    advice = Words(
        "{from_asset} 与 {to_asset} 之间已公布新汇率，请重新询价。",
        "New rates between {from_asset} and {to_asset} have been published; ask for a new quote.",
    )


@dataclass(frozen=True, slots=True)
class Quote:
    """What was offered to an identity; `rules_known` is how many versions the rulebook had then."""

    id: str
    identity: str
    locked: Locked
    worked: Worked
    rules_known: int
    quoted_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class QuoteKept:
    """A quote, to be carried out once while it is open."""

    quote: Quote


@dataclass(frozen=True, slots=True)
class ExchangeKept:
    """An exchange that carried out a quote; `day` is the business day whose limit it counts for."""

    id: str
    quote: Quote
    holder_id: str
    day: date
    occurred_at: datetime
    month: date
    answer: Mapping[str, Any]


def locked(rulebook: Rulebook, from_asset: str, to_asset: str, at: datetime) -> Locked:
    """Lock what is in force at that moment.

    :raises NoRuleInForce: if one of the assets has no rate.
    """
    return Locked(
        from_asset,
        to_asset,
        rulebook.rate(from_asset, at),
        rulebook.rate(to_asset, at),
        rulebook.find_pair(from_asset, to_asset, at),
        rulebook.exchange_terms(at).fee_bp,
    )


def check_open(quote: Quote, rulebook: Rulebook, now: datetime) -> None:
    """Let a quote be carried out.

    :raises QuoteExpired: if its time is over.
    :raises QuoteVoid: if going back at the rates of now would profit, or at those of a version that was
        published after the quote, or if that version is in force at the quote's own moment.
    """
    if now >= quote.expires_at:
        raise QuoteExpired(expired_at=quote.expires_at.isoformat())
    published = len(rulebook.versions) != quote.rules_known
    profits = any(
        _profits(quote.locked, rulebook, moment)
        for moment in (moments(rulebook, now) if published else (now,))
    )
    if profits or (published and _is_overtaken(quote, rulebook)):
        raise QuoteVoid(from_asset=quote.locked.from_asset, to_asset=quote.locked.to_asset)


def _is_overtaken(quote: Quote, rulebook: Rulebook) -> bool:
    """Tell whether what was locked is no longer what holds then: an importer may quote a moment ahead."""
    agreed = quote.locked
    return locked(rulebook, agreed.from_asset, agreed.to_asset, quote.quoted_at) != agreed


def _profits(agreed: Locked, rulebook: Rulebook, moment: datetime) -> bool:
    open_ways = ways(rulebook.rates(moment), rulebook.pairs(moment))
    back: Fraction = best_way(open_ways, agreed.to_asset, agreed.from_asset)
    return agreed.rate * back > 1


def check_day(terms: ExchangeTerms, used_fen: int, wanted_fen: Fen, at: datetime) -> None:
    """Let a member exchange that much more on the business day.

    :raises ExchangeLimitReached: if it is more than the day's limit together with what was exchanged before.
    """
    most = terms.member_day_points
    if most is not None and used_fen + wanted_fen > most:
        raise ExchangeLimitReached(
            day=day_of(at).isoformat(), most_fen=most, used_fen=used_fen, wanted_fen=wanted_fen
        )
