"""Void a voucher: an errand asks its partner to make the coupon worthless; nothing comes back before."""

from dataclasses import dataclass

import orjson

from services.points.domain.authority import own_unit_of_staff
from services.points.domain.books import LedgerBooks
from services.points.domain.month import booking
from services.points.domain.voiding import (
    VOID_COUPON,
    CouponUsed,
    Voiding,
    VoidingAsked,
    VoidingState,
    check_voidable,
    standing,
    voiding_view,
)
from services.points.domain.voucher import PartnerErrand, Voucher
from shared.kernel.command import Asked, Needs, Outcome
from shared.kernel.ids import shown
from shared.kernel.refusal import NotFound


@dataclass(frozen=True, slots=True)
class VoidVoucher:
    """A coupon shall be given back, for a reason; `connected` are the partners that can be asked."""

    asked: Asked
    voucher_id: str
    reason: str
    connected: frozenset[str]

    def needs(self) -> Needs:
        """Need the voucher with all its voidings, which its member's holder guards."""
        return Needs(rows=(("voucher", self.voucher_id),))


def void_voucher(books: LedgerBooks, command: VoidVoucher) -> Outcome:
    """Keep the voiding as asked for, and leave the errand that asks the partner; asked twice, it is one.

    :raises NotFound: if there is no such voucher, or it is another unit's.
    :raises CouponUsed: if the partner has said that it was used.
    :raises VoucherNotIssued: if there is no coupon.
    :raises VoucherGivenBack: if nothing could come back.
    :raises PartnerUnconnected: if nobody can ask the partner.
    """
    principal = command.asked.principal
    assert principal is not None
    voucher = books.vouchers.get(command.voucher_id)
    if voucher is None:
        raise NotFound()
    own_unit_of_staff(principal, voucher.unit)
    known = standing(books.voidings_of(voucher.id).values())
    if known is not None:
        if known.state is VoidingState.USED:
            assert known.settled_at is not None, "a word settles"
            raise CouponUsed(voucher=voucher.number, settled_at=known.settled_at.isoformat())
        return Outcome(answer=voiding_view(known, voucher))
    check_voidable(voucher, command.connected)
    return _asked(books, command, principal.subject, voucher)


def _asked(books: LedgerBooks, command: VoidVoucher, by: str, voucher: Voucher) -> Outcome:
    assert voucher.settled_at is not None, "an issued voucher was settled"
    # A clock that was set back a little must not date a voiding before its coupon.
    at = max(books.now, voucher.settled_at)
    voiding = Voiding(command.asked.id, voucher.id, by, command.reason, at)
    wallet, month = books.wallet(voucher.member), booking(at, books.months).month
    return Outcome(
        changes=(VoidingAsked(voiding, voucher.unit, wallet.id, month), _errand(voiding, voucher)),
        answer=voiding_view(voiding, voucher),
    )


def _errand(voiding: Voiding, voucher: Voucher) -> PartnerErrand:
    assert voucher.redemption_id is not None, "an issued voucher was paid"
    told = {
        "partner": voucher.partner,
        "voucher": voucher.number,
        "redemption": shown("red", voucher.redemption_id),
        "asked_at": voiding.asked_at.isoformat(),
    }
    body = orjson.dumps(told, option=orjson.OPT_SORT_KEYS).decode()
    return PartnerErrand(
        voiding.errand_id, VOID_COUPON, voucher.partner, voiding.number, body, voiding.asked_at
    )
