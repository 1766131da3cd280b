"""Place a hold: points are set aside for a unit's order until they are captured, released or over."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.points.domain import changes as c
from services.points.domain.amounts import Fen
from services.points.domain.authority import UnknownUnit, stated_time
from services.points.domain.books import LedgerBooks, Wallet
from services.points.domain.hold import Hold, HoldTooEarly, OrderHeld, lasting
from services.points.domain.holding import (
    Moved,
    given_back,
    held_by_issuer,
    held_slices,
    holding,
    lots_told,
    sides,
)
from services.points.domain.journal import Journal
from services.points.domain.month import Booking, booking
from services.points.domain.naming import order_name
from services.points.domain.payer import Payer, Paying, payer_facts, payer_rows, paying
from services.points.domain.redemption import OrderRedeemed, Price
from services.points.domain.spending import Slice
from services.points.domain.wish import granted
from shared.kernel.command import Announcement, Asked, Needs, Outcome
from shared.kernel.ids import derived, shown

JOURNAL = 2


@dataclass(frozen=True, slots=True)
class PlaceHold:
    """A price at a unit, for which points of one holder are set aside, for `lasts_s` or as the rule says."""

    asked: Asked
    payer: Payer
    unit: str
    order_no: str
    price: Price
    lasts_s: int | None = None
    at: datetime | None = None

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
            rows=payer_rows(self.payer),
            facts=(*payer_facts(self.payer, self.price.most_fen, self.at), ("order", self.name)),
        )


def place_hold(books: LedgerBooks, command: PlaceHold) -> Outcome:
    """Set the agreed amount aside, lot by lot; nothing is settled before a capture.

    :raises OrderRedeemed: if the order was redeemed.
    :raises OrderHeld: if points are on hold for the order on other terms or for somebody else.
    :raises InsufficientPoints: if the points do not reach; the refusal is counted for the unit.
    :raises BelowMinimum: if too little was asked; counted as well.
    """
    now = stated_time(command.asked.principal, command.at, books.now)
    who = paying(books, command.payer, command.name)
    wallet = who.wallet
    known = books.order_holds.get(command.name)
    if known is not None:
        if (known.holder_id, known.terms) != (wallet.holder_id, command.terms):
            raise OrderHeld(unit=command.unit, order_no=command.order_no)
        return Outcome(answer=known.answer)
    if command.name in books.redemptions:
        raise OrderRedeemed(unit=command.unit, order_no=command.order_no)
    who.check_fresh()
    if now > books.now:
        raise HoldTooEarly(now=books.now.isoformat())
    if books.rulebook.find_unit(command.unit, now) is None:
        raise UnknownUnit(unit=command.unit)
    booked = booking(now, books.months)
    order = (command.unit, command.order_no)
    taken, _ = granted(books, command.asked.id, wallet.holder_id, order, command.price, now, booked.month)
    return _placed(books, command, who, taken, booked, now)


def _placed(
    books: LedgerBooks, command: PlaceHold, who: Paying, taken: list[Slice], booked: Booking, now: datetime
) -> Outcome:
    wallet = who.wallet
    hold = _hold(books, command, wallet, taken, now)
    moved = holding(taken, {one.id: one.account for one in books.wallets_of(wallet.holder_id)})
    journal = Journal(
        id=derived(command.asked.id, JOURNAL),
        kind="hold",
        month=booked.month,
        concerns=booked.concerns,
        occurred_at=now,
        holder_id=wallet.holder_id,
        unit=hold.unit,
        sides=sides(hold, moved.lots),
        subject=hold.id,
        transfers=moved.transfers,
    )
    version = books.holders[wallet.holder_id] + 1
    answer = _answer(hold, moved, journal)
    return Outcome(
        changes=(
            c.HolderTurned(wallet.holder_id, version),
            *(c.LotDrawn(lot) for lot in moved.lots),
            c.JournalPosted(journal),
            c.HoldPlaced(hold, journal.id, journal.month, answer),
            *who.used,
        ),
        answer=answer,
        events=(_announcement(wallet, moved, answer, journal, version),),
    )


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


def _answer(hold: Hold, moved: Moved, journal: Journal) -> Mapping[str, Any]:
    return {
        "hold": shown("hld", hold.id),
        "journal": shown("jrn", journal.id),
        "unit": hold.unit,
        "order_no": hold.order_no,
        "price_fen": hold.price_fen,
        "amount_fen": hold.amount_fen,
        "to_pay_fen": hold.price_fen - hold.amount_fen,
        "slices": lots_told(moved),
        "occurred_at": hold.occurred_at,
        "expires_at": hold.expires_at,
    }


def _announcement(
    wallet: Wallet, moved: Moved, answer: Mapping[str, Any], journal: Journal, version: int
) -> Announcement:
    data = {
        "journal": answer["journal"],
        "holder": shown("hol", wallet.holder_id),
        "hold": answer["hold"],
        "unit": answer["unit"],
        "order_no": answer["order_no"],
        "amount_fen": answer["amount_fen"],
        "slices": held_by_issuer(given_back(moved)),
        "expires_at": answer["expires_at"],
    }
    return Announcement(
        "points.hold.placed", shown("hol", wallet.holder_id), version, data, journal.occurred_at
    )
