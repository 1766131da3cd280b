"""What must hold of every voucher: points are gone only for a coupon, and no coupon without its points."""

from services.points.domain.looks import Invariant, VoucherLook


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
    return None if one.is_asked else "its points wait, and no errand asks its partner"


def _uncoded(one: VoucherLook) -> str | None:
    if not one.is_kept:
        return None
    return None if one.code_fits else "it is issued without a coupon, or has a coupon and is not issued"


def _unoffered(one: VoucherLook) -> str | None:
    if not one.is_kept:
        return None
    return None if one.offer_fits else "partner, unit, price or time are not those of its offer"


VOUCHER_INVARIANTS: tuple[Invariant, ...] = (
    Invariant("a voucher has the hold of its price", lambda e: e.vouchers, _unpaid),
    Invariant(
        "an issued voucher is one whole capture, a refused one a release", lambda e: e.vouchers, _unsettled
    ),
    Invariant("a voucher that is asked for has an errand under way", lambda e: e.vouchers, _unasked),
    Invariant("an issued voucher has a coupon, and no other has", lambda e: e.vouchers, _uncoded),
    Invariant("a voucher is as its offer says", lambda e: e.vouchers, _unoffered),
)
