"""What must hold of every voucher: points are gone only for a coupon, and no coupon without its points.

So what came back is for a coupon that is void, once and whole.
"""

from services.points.domain.looks import Invariant, VoidingLook, VoucherLook

_NOBODY_ASKS = "no errand asks its partner; or its partner's word is kept, and one still asks for it"


def _unpaid(one: VoucherLook) -> str | None:
    if not one.is_kept:
        return "points are on hold for a voucher that is not kept"
    if not one.is_booked:
        return "nothing was put on hold for it"
    return None if one.fits else "member, unit, price or time are not those of its hold"


def _unsettled(one: VoucherLook) -> str | None:
    if not one.is_kept or not one.is_booked:
        return None
    return None if one.end_fits else "asked for, issued or refused it is, and its hold says otherwise"


def _unasked(one: VoucherLook) -> str | None:
    if not one.is_kept:
        return None
    return None if one.is_asked else f"its points wait, and {_NOBODY_ASKS}"


def _uncoded(one: VoucherLook) -> str | None:
    if not one.is_kept:
        return None
    return None if one.code_fits else "it is issued without a coupon, or has a coupon and is not issued"


def _unoffered(one: VoucherLook) -> str | None:
    if not one.is_kept:
        return None
    return None if one.offer_fits else "partner, unit, price or time are not those of its offer"


def _still_good(one: VoucherLook) -> str | None:
    if not one.is_kept:
        return None
    return None if one.back_fits else "points came back and its coupon is not void, or the other way round"


def _strange(one: VoidingLook) -> str | None:
    if not one.is_kept:
        return "an errand asks a partner to void a coupon, and nobody has asked for it"
    return None if one.fits else "it is of no issued voucher, or unit, wallet or time are not its voucher's"


def _unvoided(one: VoidingLook) -> str | None:
    if not one.is_kept:
        return None
    return None if one.is_asked else f"it is under way, and {_NOBODY_ASKS}"


def _unrefunded(one: VoidingLook) -> str | None:
    if not one.is_kept:
        return None
    return None if one.refund_fits else "void, it has not the refund of all that was left; or it has one"


VOUCHER_INVARIANTS: tuple[Invariant, ...] = (
    Invariant("a voucher has the hold of its price", lambda e: e.vouchers, _unpaid),
    Invariant(
        "an issued voucher is one whole capture, a refused one a release", lambda e: e.vouchers, _unsettled
    ),
    Invariant("an errand asks for a voucher until it is settled", lambda e: e.vouchers, _unasked),
    Invariant("an issued voucher has a coupon, and no other has", lambda e: e.vouchers, _uncoded),
    Invariant("a voucher is as its offer says", lambda e: e.vouchers, _unoffered),
    Invariant("a voucher's points come back once its coupon is void", lambda e: e.vouchers, _still_good),
    Invariant("a voiding is of an issued voucher", lambda e: e.voidings, _strange),
    Invariant("an errand asks for a voiding until it is settled", lambda e: e.voidings, _unvoided),
    Invariant(
        "a coupon that is void has one whole refund, and no other has", lambda e: e.voidings, _unrefunded
    ),
)
