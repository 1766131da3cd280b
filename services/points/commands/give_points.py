"""Give points: a gift that its giver confirmed passes, whole and once, into lots of the receiver's wallet."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.points.domain import changes as c
from services.points.domain.account import GROUP, AccountRole
from services.points.domain.books import LedgerBooks
from services.points.domain.gift import (
    Gift,
    GiftGiven,
    GiftOver,
    GiftTerms,
    Passage,
    SelfGift,
    givable,
    passage,
)
from services.points.domain.journal import Journal, Transfer
from services.points.domain.month import Booking, booking
from services.points.domain.rulebook import RuleKind
from services.points.domain.taking import take
from services.points.domain.wallet import Wallet
from shared.kernel.calendar import day_of
from shared.kernel.command import Announcement, Asked, Needs, Outcome
from shared.kernel.ids import derived, shown
from shared.kernel.refusal import NotFound

GIVING, RECEIVING, FIRST_LOT, LOTS = 1, 2, 16, 2_048


@dataclass(frozen=True, slots=True)
class GivePoints:
    """The gift with that canonical id has been confirmed by whoever asks."""

    asked: Asked
    gift: str

    def needs(self) -> Needs:
        """Need the gift: holders and lots of giver and receiver come with it, locked in one order."""
        return Needs(rows=(("gift", self.gift),))


def give_points(books: LedgerBooks, command: GivePoints) -> Outcome:
    """Move the points from the giver's soonest-expiring lots; confirmed again, the first answer stands.

    :raises GiftOver: if it was not confirmed in time.
    :raises SelfGift: if giver and receiver have become one person since.
    :raises TooFewToTake: if fewer points of that kind can be spent by now.
    :raises GiftLimitExceeded: if other gifts of the day came first.
    """
    principal = command.asked.principal
    gift = books.gifts.get(command.gift)
    if gift is None or not gift.known or principal is None or gift.giver != principal.subject:
        raise NotFound()
    if gift.given is not None:
        return Outcome(answer=gift.given)
    now = books.now
    if now >= gift.expires_at:
        raise GiftOver(until=gift.expires_at.isoformat())
    giver, receiver = books.wallet(gift.giver), books.wallet(gift.receiver)
    if giver.holder_id == receiver.holder_id:
        raise SelfGift()
    terms: GiftTerms = books.rulebook.group_rule(RuleKind.GIFT, now)
    terms.check_worth(books.gift_day(giver.holder_id).given_fen, gift.worth_fen)
    booked = booking(now, books.months)
    passed = passage(
        take(givable(books.lots_of(giver.holder_id), gift.asset, now), gift.points),
        {one.id: one.account for one in books.wallets_of(giver.holder_id)},
        receiver.id,
        receiver.account,
        books.accounts.of(AccountRole.GIFT, GROUP),
        (derived(command.asked.id, FIRST_LOT + place) for place in range(LOTS)),
    )
    return _given(books, command, gift, (giver, receiver), passed, booked)


def _given(
    books: LedgerBooks,
    command: GivePoints,
    gift: Gift,
    wallets: tuple[Wallet, Wallet],
    passed: Passage,
    booked: Booking,
) -> Outcome:
    giver, receiver = wallets
    giving = _journal(command, gift, passed, booked, books.now, giver)
    receiving = _journal(command, gift, passed, booked, books.now, receiver)
    versions = books.holders[giver.holder_id] + 1, books.holders[receiver.holder_id] + 1
    answer = {
        "gift": shown("gft", gift.id),
        "state": "given",
        "asset": gift.asset,
        "points": gift.points,
        "expires_at": gift.expires_at,
        "given_at": books.now,
    }
    return Outcome(
        changes=(
            c.HolderTurned(giver.holder_id, versions[0]),
            c.HolderTurned(receiver.holder_id, versions[1]),
            *(c.LotDrawn(lot) for lot in passed.drawn),
            *(c.LotOpened(lot) for lot in passed.opened),
            c.JournalPosted(giving),
            c.JournalPosted(receiving),
            GiftGiven(gift, giver.holder_id, books.now, day_of(books.now), booked.month, answer),
        ),
        answer=answer,
        events=(_gave(gift, giving, passed, versions[0]), _got(gift, receiving, passed, versions[1])),
    )


def _journal(
    command: GivePoints, gift: Gift, passed: Passage, booked: Booking, now: datetime, wallet: Wallet
) -> Journal:
    """Write one side of the gift: each holder has a journal of their own."""
    gives = wallet.identity == gift.giver
    transfers: tuple[Transfer, ...] = passed.giving if gives else passed.receiving
    return Journal(
        id=derived(command.asked.id, GIVING if gives else RECEIVING),
        kind="gift" if gives else "gift-received",
        month=booked.month,
        concerns=booked.concerns,
        occurred_at=now,
        holder_id=wallet.holder_id,
        unit=GROUP,
        sides=passed.issuers,
        subject=gift.id,
        transfers=transfers,
    )


def _told(gift: Gift, journal: Journal, passed: Passage) -> Mapping[str, Any]:
    by_issuer: dict[str, int] = {}
    for lot in passed.opened:
        by_issuer[lot.issuer] = by_issuer.get(lot.issuer, 0) + lot.earned
    return {
        "journal": shown("jrn", journal.id),
        "holder": shown("hol", journal.holder_id),
        "gift": shown("gft", gift.id),
        "asset": gift.asset,
        "points": gift.points,
        "by_issuer": dict(sorted(by_issuer.items())),
    }


def _gave(gift: Gift, journal: Journal, passed: Passage, version: int) -> Announcement:
    key, data = shown("hol", journal.holder_id), _told(gift, journal, passed)
    return Announcement("points.wallet.given", key, version, data, journal.occurred_at)


def _got(gift: Gift, journal: Journal, passed: Passage, version: int) -> Announcement:
    key, data = shown("hol", journal.holder_id), _told(gift, journal, passed)
    return Announcement("points.wallet.received", key, version, data, journal.occurred_at)
