"""Refund points: a unit gives back what points have paid for an order, in part or whole, several times."""

from dataclasses import dataclass
from datetime import datetime

from services.points.domain.authority import own_unit, stated_time
from services.points.domain.books import LedgerBooks
from services.points.domain.naming import refund_name
from services.points.domain.refund import RefundConflict, check_refund
from services.points.domain.refunding import RefundWish, refunded
from services.points.domain.voiding import CouponNotVoided
from services.points.domain.voucher import request_number
from shared.kernel.command import Asked, Needs, Outcome
from shared.kernel.refusal import NotFound


@dataclass(frozen=True, slots=True)
class RefundPoints:
    """`amount_fen` (> 0) of what points paid in a redemption of the unit comes back."""

    asked: Asked
    redemption_id: str
    unit: str
    refund_no: str
    amount_fen: int
    at: datetime | None = None

    @property
    def name(self) -> str:
        """The refund's natural name."""
        return refund_name(self.unit, self.refund_no)

    def needs(self) -> Needs:
        """Need the refund's name for ever, and the redemption with whoever holds its lots today."""
        return Needs(
            naturals=(self.name,), rows=(("redemption", self.redemption_id),), facts=(("refund", self.name),)
        )


def refund_points(books: LedgerBooks, command: RefundPoints) -> Outcome:
    """Give value back to the lots it came from, in reverse order, and undo what units came to owe.

    :raises RefundConflict: if the refund's number is known with another redemption or another amount.
    :raises CouponNotVoided: if it paid for a coupon, whose partner must be asked first.
    :raises RefundAbovePaid: if all refunds together would exceed what points have paid.
    """
    own_unit(command.asked.principal, command.unit)
    now = stated_time(command.asked.principal, command.at, books.now)
    payment = books.payments.get(command.redemption_id)
    if payment is None or payment.unit != command.unit:
        raise NotFound(_denied="foreign")
    known = books.refunds.get(command.name)
    if known is not None:
        if (known.redemption_id, known.amount_fen) != (payment.id, command.amount_fen):
            raise RefundConflict(refund_no=command.refund_no, amount_fen=known.amount_fen)
        return Outcome(answer=known.answer)
    if payment.voucher_id is not None:
        raise CouponNotVoided(voucher=request_number(payment.voucher_id))
    check_refund(payment, command.amount_fen, now)
    wanted = RefundWish(command.asked.id, command.name, command.refund_no, command.amount_fen)
    return refunded(books, payment, wanted, now)
