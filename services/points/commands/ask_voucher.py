"""Ask for a voucher: its price is set aside, and an errand asks the partner; no points are gone yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from services.points.domain.amounts import Fen
from services.points.domain.books import LedgerBooks
from services.points.domain.hold import NEVER, Hold
from services.points.domain.holding import held_slices
from services.points.domain.month import Booking, booking
from services.points.domain.naming import voucher_name
from services.points.domain.offer import NoSuchOffer, Offer
from services.points.domain.payer import payer_facts, payer_rows
from services.points.domain.placing import placed
from services.points.domain.redemption import Price, granted
from services.points.domain.rulebook import SpendTerms
from services.points.domain.spending import Slice
from services.points.domain.voucher import ASK_PARTNER, PartnerErrand, Voucher, VoucherAsked
from shared.kernel.calendar import day_of
from shared.kernel.command import Announcement, Asked, Needs, Outcome
from shared.kernel.ids import shown

PAID_WHOLE = SpendTerms(0, 1, 10_000)
"""How points pay an offer: all of it, however little that is."""


@dataclass(frozen=True, slots=True)
class AskVoucher:
    """A member wants a coupon at the price they saw; `connected` are the partners that can be asked."""

    asked: Asked
    member: str
    offer: str
    price_fen: int
    connected: frozenset[str]

    def needs(self) -> Needs:
        """Need the member's holder, as many lots as reach, and what was asked for today."""
        return Needs(
            rows=payer_rows(self.member),
            facts=(
                *payer_facts(self.member, self.price_fen, None),
                ("voucher-day", f"{self.offer} {self.member}"),
            ),
        )


def ask_voucher(books: LedgerBooks, command: AskVoucher) -> Outcome:
    """Put the price on hold, keep the voucher as asked for, and leave the errand that asks the partner.

    :raises NoSuchOffer: if it is not sold now.
    :raises PartnerUnconnected: if nobody can ask the partner.
    :raises OfferChanged: if the price is another one by now.
    :raises VoucherLimitReached: if the day's vouchers are as many as allowed.
    :raises InsufficientPoints: if the points do not reach; the refusal is counted for the unit.
    :raises TooManyLots: if more lots would be drawn than one command can name.
    """
    now = books.now
    wallet = books.wallet(command.member)
    offer = books.rulebook.find_offer(command.offer, now)
    if offer is None or not offer.on_sale:
        raise NoSuchOffer(offer=command.offer)
    today = books.voucher_days.get((wallet.holder_id, offer.code), 0)
    offer.check(command.price_fen, today, command.connected)
    booked = booking(now, books.months)
    order = (offer.unit, shown("vch", command.asked.id))
    price = Price(offer.price_fen, offer.price_fen, None)
    taken, _ = granted(books, command.asked.id, wallet.holder_id, order, price, now, booked.month, PAID_WHOLE)
    return _asked(books, command, offer, taken, booked)


def _asked(
    books: LedgerBooks, command: AskVoucher, offer: Offer, taken: list[Slice], booked: Booking
) -> Outcome:
    wallet = books.wallet(command.member)
    voucher = Voucher(
        id=command.asked.id,
        member=command.member,
        offer=offer.code,
        offer_version=offer.version,
        partner=offer.partner,
        unit=offer.unit,
        price_fen=offer.price_fen,
        asked_at=books.now,
        ask_until=offer.ask_until(books.now),
    )
    outcome = placed(books, _hold(books, voucher, taken), taken, booked)
    kept = VoucherAsked(voucher, wallet.holder_id, wallet.id, day_of(books.now), booked.month)
    return Outcome(
        changes=(*outcome.changes, kept, _errand(voucher)),
        answer=_answer(voucher),
        events=(*outcome.events, _announcement(voucher)),
    )


def _hold(books: LedgerBooks, voucher: Voucher, taken: list[Slice]) -> Hold:
    return Hold(
        id=voucher.id,
        name=voucher_name(voucher.id),
        identity=voucher.member,
        holder_id=books.wallet(voucher.member).holder_id,
        unit=voucher.unit,
        order_no=voucher.number,
        price_fen=voucher.price_fen,
        amount_fen=voucher.price_fen,
        captured_fen=Fen(0),
        occurred_at=voucher.asked_at,
        # Whatever ends by the clock could end while the partner is issuing: this one ends by a word alone.
        expires_at=NEVER,
        terms=f"{voucher.offer}/{voucher.offer_version}/{voucher.price_fen}",
        slices=held_slices(taken),
    )


def _errand(voucher: Voucher) -> PartnerErrand:
    told = {
        "partner": voucher.partner,
        "offer": voucher.offer,
        "price_fen": voucher.price_fen,
        "until": voucher.ask_until.isoformat(),
    }
    body = orjson.dumps(told, option=orjson.OPT_SORT_KEYS).decode()
    return PartnerErrand(
        voucher.errand_id, ASK_PARTNER, voucher.partner, voucher.number, body, voucher.asked_at
    )


def _answer(voucher: Voucher) -> Mapping[str, Any]:
    return {
        "voucher": voucher.number,
        "state": voucher.state.value,
        "offer": voucher.offer,
        "unit": voucher.unit,
        "price_fen": voucher.price_fen,
        "hold": shown("hld", voucher.id),
        "asked_at": voucher.asked_at,
        "ask_until": voucher.ask_until,
    }


def _announcement(voucher: Voucher) -> Announcement:
    data = {
        "voucher": voucher.number,
        "hold": shown("hld", voucher.id),
        "offer": voucher.offer,
        "partner": voucher.partner,
        "unit": voucher.unit,
        "price_fen": voucher.price_fen,
    }
    return Announcement("points.voucher.asked", voucher.number, 1, data, voucher.asked_at)
