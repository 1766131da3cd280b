"""Exchange points as they were quoted: once, within five minutes, from the lots that would be spent first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.points.domain import changes as c
from services.points.domain.account import GROUP
from services.points.domain.authority import UnknownUnit, stated_time
from services.points.domain.books import LedgerBooks
from services.points.domain.exchange import LOTS_MAX, Portion, by_issuer, lines, portions
from services.points.domain.journal import Journal
from services.points.domain.limit import Wish, draw
from services.points.domain.lot import Lot, usable_in_order
from services.points.domain.month import booking
from services.points.domain.quote import ExchangeKept, Quote, check_day, check_open
from services.points.domain.wallet import Wallet
from shared.kernel.calendar import day_of, month_of
from shared.kernel.command import Announcement, Asked, Needs, Outcome
from shared.kernel.ids import derived, shown
from shared.kernel.refusal import NotFound

JOURNAL, FIRST_LOT = 2, 16
TOLD = (
    *("exchange", "journal", "from_asset", "to_asset", "points", "given"),
    *("value_fen", "fee_fen", "residual_fen", "rate", "occurred_at"),
)
"""What the event says of the answer."""


@dataclass(frozen=True, slots=True)
class ExchangePoints:
    """The quote with that canonical id is to be carried out for whoever got it."""

    asked: Asked
    identity: str
    quote_id: str
    at: datetime | None = None

    def needs(self) -> Needs:
        """Need the holder and every open lot of theirs, the quote, and what they exchanged before."""
        facts = (("lots", self.identity), ("quote", self.quote_id), ("exchanged", self.identity))
        return Needs(rows=(("identity", self.identity),), facts=facts)


def exchange_points(books: LedgerBooks, command: ExchangePoints) -> Outcome:
    """Turn the quoted points into points of the other asset, issuer and dates kept.

    :raises NotFound: if there is no such quote, or it was given to somebody else.
    :raises QuoteExpired: if its five minutes are over.
    :raises QuoteVoid: if rates were published since, under which it would be a way to gain.
    :raises TooFewPoints: if the points were spent meanwhile.
    :raises ExchangeLimitReached: if the member's day does not reach.
    :raises LimitReached: if an issuer's month does not reach for this asset.
    """
    quote = books.quotes.get(command.quote_id)
    if quote is None:
        raise NotFound()
    if quote.identity != command.identity:
        raise NotFound(_denied="foreign")
    known = books.exchanges.get(quote.id)
    if known is not None:
        return Outcome(answer=known)
    now = stated_time(command.asked.principal, command.at, books.now)
    check_open(quote, books.rulebook, now)
    if books.rulebook.find_unit(GROUP, now) is None:
        raise UnknownUnit(unit=GROUP)
    wallet = books.wallet(command.identity)
    held = (lot for lot in books.lots_of(wallet.holder_id) if lot.asset == quote.locked.from_asset)
    found = portions(usable_in_order(held, now), quote.locked, quote.worked)
    terms = books.rulebook.exchange_terms(now)
    used = books.exchanged.get((wallet.holder_id, day_of(now)), 0)
    check_day(terms, used, quote.worked.value_fen, now)
    drawn = draw(books.limits, _wishes(books, command, quote, found, now))
    return _exchanged(books, command, quote, wallet, found, drawn, now)


def _wishes(
    books: LedgerBooks, command: ExchangePoints, quote: Quote, found: Sequence[Portion], now: datetime
) -> list[Wish]:
    """Name what each issuer's points draw of its month for this asset; an issuer's own asset is no limit."""
    most = books.rulebook.exchange_terms(now).pair_month_points
    wishes = []
    for issuer, fen in by_issuer(found).items():
        unit = books.rulebook.find_unit(issuer, now)
        if most is not None and fen and (unit is None or unit.asset != quote.locked.to_asset):
            limit = f"exchange:{issuer}:{quote.locked.to_asset}"
            wishes.append(Wish(limit, month_of(now).strftime("%Y-%m"), most, fen, command.asked.id))
    return wishes


def _exchanged(
    books: LedgerBooks,
    command: ExchangePoints,
    quote: Quote,
    wallet: Wallet,
    found: Sequence[Portion],
    drawn: Sequence[Any],
    now: datetime,
) -> Outcome:
    accounts = {one.id: one.account for one in books.wallets_of(wallet.holder_id)}
    names = (derived(command.asked.id, FIRST_LOT + place) for place in range(LOTS_MAX))
    written = lines(found, quote.locked, quote.worked, books.accounts, accounts, names)
    booked = booking(now, books.months)
    journal = Journal(
        id=derived(command.asked.id, JOURNAL),
        kind="exchange",
        month=booked.month,
        concerns=booked.concerns,
        occurred_at=now,
        holder_id=wallet.holder_id,
        unit=GROUP,
        sides=tuple(sorted({GROUP, *(one.lot.issuer for one in found)})),
        subject=command.asked.id,
        transfers=written.transfers,
    )
    version = books.holders[wallet.holder_id] + 1
    answer = _answer(command, quote, found, written.opened, journal)
    kept = ExchangeKept(command.asked.id, quote, wallet.holder_id, day_of(now), now, booked.month, answer)
    return Outcome(
        changes=(
            c.HolderTurned(wallet.holder_id, version),
            *(c.LotDrawn(lot) for lot in written.drawn),
            *(c.LotOpened(lot) for lot in written.opened),
            c.JournalPosted(journal),
            *drawn,
            kept,
        ),
        answer=answer,
        events=(_announcement(wallet, answer, found, now, version),),
    )


def _answer(
    command: ExchangePoints, quote: Quote, found: Sequence[Portion], opened: Sequence[Lot], journal: Journal
) -> Mapping[str, Any]:
    terms, whole = quote.locked, quote.worked
    parents = {lot.parent_id: lot.id for lot in opened}
    return {
        "exchange": shown("exc", command.asked.id),
        "quote": shown("quo", quote.id),
        "journal": shown("jrn", journal.id),
        "from_asset": terms.from_asset,
        "to_asset": terms.to_asset,
        "points": whole.points,
        "given": whole.given,
        "value_fen": whole.value_fen,
        "fee_fen": whole.fee_fen,
        "residual_fen": whole.residual_fen,
        "rate": {"numerator": terms.rate.numerator, "denominator": terms.rate.denominator},
        "taken": [
            {
                "lot": shown("lot", one.lot.id),
                "issuer": one.lot.issuer,
                "points": one.points,
                "given": one.given,
                "new_lot": shown("lot", parents[one.lot.id]) if one.given else None,
                "expires_at": one.lot.expires_at,
            }
            for one in found
        ],
        "occurred_at": journal.occurred_at,
    }


def _announcement(
    wallet: Wallet, answer: Mapping[str, Any], found: Sequence[Portion], now: datetime, version: int
) -> Announcement:
    holder = shown("hol", wallet.holder_id)
    sums: dict[str, dict[str, Any]] = {}
    for one in found:
        # An event stays small however many lots were taken: it adds up by issuer.
        issuer = one.lot.issuer
        whole = sums.setdefault(issuer, {"issuer": issuer, "points": 0, "given": 0})
        whole["points"] += one.points
        whole["given"] += one.given
    data = {"holder": holder, **{name: answer[name] for name in TOLD}, "issuers": list(sums.values())}
    return Announcement("points.wallet.exchanged", holder, version, data, now)
