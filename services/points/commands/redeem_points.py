"""Redeem points of all businesses in one step: soonest-expiring lots first, settled between units at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.points.domain import changes as c
from services.points.domain.authority import stated_time
from services.points.domain.books import LedgerBooks
from services.points.domain.hold import OrderHeld
from services.points.domain.journal import Journal, Lines
from services.points.domain.month import Booking, booking
from services.points.domain.naming import order_name
from services.points.domain.order_ticket import ShownTicket, check_order, ticket_rows
from services.points.domain.payer import Payer, Paying, payer_facts, payer_rows, paying
from services.points.domain.redemption import OrderRedeemed, Price, granted, lines, owed_to
from services.points.domain.spending import Slice, by_issuer
from services.points.domain.wallet import Wallet
from shared.kernel.command import Announcement, Asked, Needs, Outcome
from shared.kernel.ids import derived, shown
from shared.kernel.swift import swift

JOURNAL, FIRST_CHANGE_LOT, CHANGE_LOTS_MAX = 2, 16, 2048


@swift
@dataclass(frozen=True, slots=True)
class RedeemPoints:
    """A price at a unit, paid in part with the points of one holder, found by an identity or a pay code.

    `ticket` is what a member showed as the unit's word about the order.
    """

    asked: Asked
    payer: Payer
    unit: str
    order_no: str
    price: Price
    at: datetime | None = None
    ticket: ShownTicket | None = None

    @property
    def name(self) -> str:
        """The order's natural name."""
        return order_name(self.unit, self.order_no)

    def needs(self) -> Needs:
        """Need the order's name for ever, what holds it, the holder, and as many lots as pay."""
        return Needs(
            naturals=(self.name,),
            rows=(*payer_rows(self.payer), *ticket_rows(self.ticket, self.name)),
            facts=(*payer_facts(self.payer, self.price.most_fen, self.at), ("order", self.name)),
        )


def redeem_points(books: LedgerBooks, command: RedeemPoints) -> Outcome:
    """Take the agreed amount from the holder's lots and settle it between the units.

    :raises OrderTicketNeeded: if a member must show the unit's ticket; one that is shown must fit.
    :raises OrderRedeemed: if the order was redeemed with other terms or by somebody else.
    :raises OrderHeld: if points are on hold for the order, or were captured.
    :raises InsufficientPoints: if the points do not reach; the refusal is counted for the unit.
    :raises BelowMinimum: if too little was asked; counted as well.
    :raises TooManyLots: if more lots would be drawn than one command can name.
    """
    now = stated_time(command.asked.principal, command.at, books.now)
    who = paying(books, command.payer, command.name)
    wallet = who.wallet
    known = books.redemptions.get(command.name)
    if known is not None and (known.holder_id, known.terms) == (wallet.holder_id, command.price.terms):
        return Outcome(answer=known.answer)
    check_order(books, command, wallet.holder_id, now)
    if known is not None:
        raise OrderRedeemed(unit=command.unit, order_no=command.order_no)
    if command.name in books.order_holds:
        raise OrderHeld(unit=command.unit, order_no=command.order_no)
    who.check_fresh()
    booked = booking(now, books.months)
    order = (command.unit, command.order_no)
    taken, rates = granted(books, command.asked.id, wallet.holder_id, order, command.price, now, booked.month)
    written = lines(
        taken,
        command.unit,
        books.accounts,
        {one.id: one.account for one in books.wallets_of(wallet.holder_id)},
        rates,
        (derived(command.asked.id, FIRST_CHANGE_LOT + place) for place in range(CHANGE_LOTS_MAX)),
    )
    journal = _journal(command, wallet, taken, written, booked, now)
    return _redeemed(books, command, who, taken, written, journal)


def _journal(
    command: RedeemPoints, wallet: Wallet, taken: list[Slice], written: Lines, booked: Booking, now: datetime
) -> Journal:
    return Journal(
        id=derived(command.asked.id, JOURNAL),
        kind="redemption",
        month=booked.month,
        concerns=booked.concerns,
        occurred_at=now,
        holder_id=wallet.holder_id,
        unit=command.unit,
        sides=tuple(sorted({command.unit, *(one.lot.issuer for one in taken)})),
        subject=command.asked.id,
        transfers=written.transfers,
    )


def _redeemed(
    books: LedgerBooks,
    command: RedeemPoints,
    who: Paying,
    taken: list[Slice],
    written: Lines,
    journal: Journal,
) -> Outcome:
    wallet = who.wallet
    version = books.holders[wallet.holder_id] + 1
    answer = _answer(command, taken, journal)
    kept = c.RedemptionKept(
        name=command.name,
        id=command.asked.id,
        unit=command.unit,
        order_no=command.order_no,
        holder_id=wallet.holder_id,
        price_fen=command.price.price_fen,
        paid_fen=answer["paid_fen"],
        change_points=answer["change_points"],
        occurred_at=journal.occurred_at,
        month=journal.month,
        terms=command.price.terms,
        answer=answer,
    )
    return Outcome(
        changes=(
            c.HolderTurned(wallet.holder_id, version),
            *(c.LotDrawn(lot) for lot in written.drawn),
            *(c.LotOpened(lot) for lot in written.opened),
            c.JournalPosted(journal),
            kept,
            *who.used,
        ),
        answer=answer,
        events=(_announcement(wallet, taken, answer, journal, version),),
        kept_by=command.asked.id,
    )


def _answer(command: RedeemPoints, taken: list[Slice], journal: Journal) -> Mapping[str, Any]:
    paid = sum(one.paid_fen for one in taken)
    return {
        "redemption": shown("red", command.asked.id),
        "journal": shown("jrn", journal.id),
        "unit": command.unit,
        "order_no": command.order_no,
        "price_fen": command.price.price_fen,
        "paid_fen": paid,
        "to_pay_fen": command.price.price_fen - paid,
        "change_points": sum(one.change for one in taken),
        "taken": [
            {
                "lot": shown("lot", one.lot.id),
                "asset": one.lot.asset,
                "issuer": one.lot.issuer,
                "points": one.points,
                "paid_fen": one.paid_fen,
                "change_points": one.change,
            }
            for one in taken
        ],
        "owed": owed_to(command.unit, taken),
        "occurred_at": journal.occurred_at,
    }


def _announcement(
    wallet: Wallet, taken: list[Slice], answer: Mapping[str, Any], journal: Journal, version: int
) -> Announcement:
    data = {
        "journal": answer["journal"],
        "holder": shown("hol", wallet.holder_id),
        "redemption": answer["redemption"],
        "unit": answer["unit"],
        "order_no": answer["order_no"],
        "paid_fen": answer["paid_fen"],
        "slices": by_issuer(taken),
        "owed": answer["owed"],
    }
    return Announcement(
        "points.wallet.redeemed", shown("hol", wallet.holder_id), version, data, journal.occurred_at
    )
