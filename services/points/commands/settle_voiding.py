"""Settle a voiding by the partner's word: a coupon that is void gives its points back, no other does."""

from dataclasses import dataclass
from datetime import datetime

from services.points.domain.books import LedgerBooks
from services.points.domain.month import booking
from services.points.domain.naming import voiding_name
from services.points.domain.refunding import RefundWish, refunded
from services.points.domain.voiding import Voiding, VoidingSettled, VoidingState, voiding_view
from services.points.domain.voucher import PartnerHeard, Voucher
from shared.kernel.command import Announcement, Asked, Needs, Outcome
from shared.kernel.ids import shown
from shared.kernel.refusal import NotFound

THIRD = 3
"""The version of a voucher that is void: it was asked for and issued before, and nothing comes after."""


@dataclass(frozen=True, slots=True)
class SettleVoiding:
    """What the partner says of a coupon that shall be void; `redemption_id` names what had paid for it."""

    asked: Asked
    voiding_id: str
    voucher_id: str
    redemption_id: str
    word: VoidingState

    def needs(self) -> Needs:
        """Need the voucher with its voidings, and what had paid for it with whoever holds its lots today."""
        return Needs(rows=(("voucher", self.voucher_id), ("redemption", self.redemption_id)))


def settle_voiding(books: LedgerBooks, command: SettleVoiding) -> Outcome:
    """Give back all that is left of the price, or nothing; a word that was heard before changes nothing.

    :raises NotFound: if there is no such voiding.
    """
    voucher = books.vouchers.get(command.voucher_id)
    voiding = books.voidings_of(command.voucher_id).get(command.voiding_id)
    if voucher is None or voiding is None:
        raise NotFound()
    if voiding.state is not VoidingState.ASKED:
        return Outcome(answer=voiding_view(voiding, voucher))
    # A clock that was set back a little must not date the end of a voiding before its beginning.
    at = max(books.now, voiding.asked_at)
    if command.word is VoidingState.VOIDED:
        return _voided(books, command, voucher, voiding, at)
    assert command.word in (VoidingState.USED, VoidingState.UNKNOWN), "a word settles"
    settled = voiding.settled(command.word, at, None)
    kept = VoidingSettled(settled, booking(at, books.months).month)
    return Outcome((kept, _heard(settled, at)), voiding_view(settled, voucher))


def _heard(settled: Voiding, at: datetime) -> PartnerHeard:
    return PartnerHeard(settled.errand_id, settled.state.value, at)


def _voided(
    books: LedgerBooks, command: SettleVoiding, voucher: Voucher, voiding: Voiding, at: datetime
) -> Outcome:
    payment = books.payments[command.redemption_id]
    assert payment.voucher_id == voucher.id, "what comes back had paid for this very voucher"
    assert payment.left_fen == voucher.left_fen, "and nothing else has brought it back"
    wanted = RefundWish(command.asked.id, voiding_name(voiding.id), voiding.number, payment.left_fen)
    outcome = refunded(books, payment, wanted, at)
    settled = voiding.settled(VoidingState.VOIDED, at, wanted.id)
    kept = VoidingSettled(settled, booking(at, books.months).month)
    data = {
        "voucher": voucher.number,
        "hold": shown("hld", voucher.id),
        "offer": voucher.offer,
        "partner": voucher.partner,
        "unit": voucher.unit,
        "price_fen": voucher.price_fen,
        "redemption": shown("red", payment.id),
        "refund": shown("rfd", wanted.id),
        "refunded_fen": wanted.amount_fen,
    }
    event = Announcement("points.voucher.voided", voucher.number, THIRD, data, at)
    return Outcome(
        changes=(*outcome.changes, kept, _heard(settled, at)),
        answer=voiding_view(settled, voucher),
        events=(*outcome.events, event),
    )
