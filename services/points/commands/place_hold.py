"""Place a hold: points are set aside for a unit's order until they are captured, released or over."""

from dataclasses import dataclass
from datetime import datetime

from services.points.domain.amounts import Fen
from services.points.domain.authority import stated_time
from services.points.domain.books import LedgerBooks
from services.points.domain.hold import Hold, HoldTooEarly, OrderHeld, lasting
from services.points.domain.holding import held_slices
from services.points.domain.month import booking
from services.points.domain.naming import order_name
from services.points.domain.order_ticket import ShownTicket, check_order, ticket_rows
from services.points.domain.payer import Payer, payer_facts, payer_rows, paying
from services.points.domain.placing import placed
from services.points.domain.redemption import OrderRedeemed, Price, granted
from services.points.domain.spending import Slice
from services.points.domain.wallet import Wallet
from shared.kernel.command import Asked, Needs, Outcome
from shared.kernel.swift import swift


@swift
@dataclass(frozen=True, slots=True)
class PlaceHold:
    """A price at a unit, for which points of one holder are set aside, for `lasts_s` or as the rule says.

    `ticket` is what a member showed as the unit's word about the order.
    """

    asked: Asked
    payer: Payer
    unit: str
    order_no: str
    price: Price
    lasts_s: int | None = None
    at: datetime | None = None
    ticket: ShownTicket | None = None

    @property
    def name(self) -> str:
        """The order's natural name."""
        return order_name(self.unit, self.order_no)

    @property
    def terms(self) -> str:
        """The request in one word, to tell a repeat from another request for the same order."""
        return f"{self.price.terms}/{self.lasts_s}"

    def needs(self) -> Needs:
        """Need the order's name, what holds it, the holder, and as many lots as reach."""
        return Needs(
            naturals=(self.name,),
            rows=(*payer_rows(self.payer), *ticket_rows(self.ticket, self.name)),
            facts=(*payer_facts(self.payer, self.price.most_fen, self.at), ("order", self.name)),
        )


def place_hold(books: LedgerBooks, command: PlaceHold) -> Outcome:
    """Set the agreed amount aside, lot by lot; nothing is settled before a capture.

    :raises OrderTicketNeeded: if a member must show the unit's ticket; one that is shown must fit.
    :raises OrderRedeemed: if the order was redeemed.
    :raises OrderHeld: if points are on hold for the order on other terms or for somebody else.
    :raises InsufficientPoints: if the points do not reach; the refusal is counted for the unit.
    :raises BelowMinimum: if too little was asked; counted as well.
    :raises TooManyLots: if more lots would be drawn than one command can name.
    """
    now = stated_time(command.asked.principal, command.at, books.now)
    who = paying(books, command.payer, command.name)
    wallet = who.wallet
    known = books.order_holds.get(command.name)
    if known is not None and (known.holder_id, known.terms) == (wallet.holder_id, command.terms):
        return Outcome(answer=known.answer)
    check_order(books, command, wallet.holder_id, now)
    if known is not None:
        raise OrderHeld(unit=command.unit, order_no=command.order_no)
    if command.name in books.redemptions:
        raise OrderRedeemed(unit=command.unit, order_no=command.order_no)
    who.check_fresh()
    if now > books.now:
        raise HoldTooEarly(now=books.now.isoformat())
    booked = booking(now, books.months)
    order = (command.unit, command.order_no)
    taken, _ = granted(books, command.asked.id, wallet.holder_id, order, command.price, now, booked.month)
    hold = _hold(books, command, wallet, taken, now)
    return placed(books, hold, taken, booked, who.used).kept_in(hold.id)


def _hold(books: LedgerBooks, command: PlaceHold, wallet: Wallet, taken: list[Slice], now: datetime) -> Hold:
    longest_s = books.rulebook.spend_terms(now).hold_lasts_s
    return Hold(
        id=command.asked.id,
        name=command.name,
        identity=wallet.identity,
        holder_id=wallet.holder_id,
        unit=command.unit,
        order_no=command.order_no,
        price_fen=Fen(command.price.price_fen),
        amount_fen=Fen(sum(one.paid_fen for one in taken)),
        captured_fen=Fen(0),
        occurred_at=now,
        expires_at=now + lasting(longest_s, command.lasts_s),
        terms=command.terms,
        slices=held_slices(taken),
    )
