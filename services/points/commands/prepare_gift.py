"""Prepare a gift: a member names receiver and points; nothing moves until the member's phone confirms it."""

from dataclasses import dataclass

from services.points.domain.adjustment import UnknownReceiver
from services.points.domain.amounts import Points
from services.points.domain.books import LedgerBooks
from services.points.domain.gift import Gift, GiftPrepared, GiftTerms, SelfGift, givable
from services.points.domain.rulebook import RuleKind
from services.points.domain.taking import take
from shared.kernel.calendar import day_of
from shared.kernel.command import Asked, Needs, Outcome
from shared.kernel.ids import shown


@dataclass(frozen=True, slots=True)
class PrepareGift:
    """Points (> 0) of one asset, from a member (`mem_…`) to whoever holds the receiver's identity."""

    asked: Asked
    giver: str
    receiver: str
    asset: str
    points: int

    def needs(self) -> Needs:
        """Need the giver's holder, lots and day of gifts, and whether the receiver is known."""
        return Needs(
            rows=(("identity", self.giver),),
            facts=(("lots", self.giver), ("gift-day", self.giver), ("known", self.receiver)),
        )


def prepare_gift(books: LedgerBooks, command: PrepareGift) -> Outcome:
    """Keep the gift until it is confirmed, or over.

    :raises TooManyGifts: if as many as a day allows were begun.
    :raises GiftLimitExceeded: if the day's gifts would be worth too much.
    :raises UnknownReceiver: if points never heard of the receiver; it counts as begun, so guessing ends.
    :raises SelfGift: if giver and receiver are one person.
    :raises TooFewToTake: if fewer points of that kind can be spent now.
    """
    now = books.now
    holder_id = books.wallet(command.giver).holder_id
    terms: GiftTerms = books.rulebook.group_rule(RuleKind.GIFT, now)
    worth = books.rulebook.rate(command.asset, now).worth(command.points)
    day = books.gift_day(holder_id)
    terms.check(day.begun, day.given_fen, worth)
    receiver = books.known.get(command.receiver)
    gift = Gift(
        id=command.asked.id,
        giver=command.giver,
        receiver=command.receiver,
        asset=command.asset,
        points=Points(command.points),
        worth_fen=worth,
        asked_at=now,
        expires_at=terms.expires_at(now),
        known=receiver is not None,
    )
    kept = GiftPrepared(gift, holder_id, books.wallet(command.giver).id, day_of(now))
    if receiver is None:
        raise UnknownReceiver(changes=(kept,))
    if receiver == holder_id:
        raise SelfGift()
    take(givable(books.lots_of(holder_id), command.asset, now), command.points)
    return Outcome(
        (kept,),
        {
            "gift": shown("gft", gift.id),
            "state": "prepared",
            "asset": gift.asset,
            "points": gift.points,
            "expires_at": gift.expires_at,
            "given_at": None,
        },
    )
