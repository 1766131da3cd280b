"""Vouchers: a partner's coupon paid with points; the points wait on hold until the partner's word is known.

A voucher is asked for, and then issued (the hold is captured in full) or refused (the hold is released): both
by a word of the partner that can be no other any more. No word, a broken word or an old one changes nothing.
A word that gives a coupon which is worth nothing is a no: nobody pays for it. Refuses to ask the partner: an
errand does, under the voucher's own number.
"""

from collections.abc import Container
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

from services.points.domain.amounts import Fen
from shared.kernel.ids import shown

ASK_PARTNER = "ask-partner"
"""The kind of errand that asks a partner for a coupon."""


COUPON_OVER = "coupon-over"
"""The reason where the partner's coupon is over already."""

COUPON_KNOWN = "coupon-known"
"""The reason where the partner has given the same coupon for another voucher."""

WORTHLESS = frozenset({COUPON_OVER, COUPON_KNOWN})
"""The reasons that are ours: the partner says it has issued, and its invoice may say so too."""


class VoucherState(StrEnum):
    """Where a voucher stands; issued and refused are for ever."""

    ASKED = "asked"
    ISSUED = "issued"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Voucher:
    """A voucher; the hold that pays it has the same id.

    `member` is whom it is for; their holder of today is the lock. `reason` says why it was refused.
    """

    id: str
    member: str
    offer: str
    offer_version: int
    partner: str
    unit: str
    price_fen: Fen
    asked_at: datetime
    ask_until: datetime
    state: VoucherState = VoucherState.ASKED
    reason: str | None = None

    @property
    def number(self) -> str:
        """The number under which the partner is asked, and asked again: it never changes."""
        return request_number(self.id)

    def issued(self) -> "Voucher":
        """Give the voucher with its coupon given out."""
        return replace(self, state=VoucherState.ISSUED)

    def refused(self, reason: str) -> "Voucher":
        """Give the voucher as one for which there will never be a coupon."""
        return replace(self, state=VoucherState.REFUSED, reason=reason)


def request_number(voucher_id: str) -> str:
    """Give the number of a voucher, as partner and member see it."""
    return shown("vch", voucher_id)


@dataclass(frozen=True, slots=True)
class Coupon:
    """What a partner issued: its code, sealed, and until when it is good.

    `digest` is the same wherever the partner gives the same code, and tells nobody the code.
    """

    sealed: bytes = field(repr=False)
    digest: str
    valid_until: datetime

    def worthless(self, now: datetime, given: Container[str]) -> str | None:
        """Say why nobody should pay for it, or None.

        :param given: digests of coupons that other vouchers have.
        """
        if self.digest in given:
            return COUPON_KNOWN
        return COUPON_OVER if self.valid_until <= now else None


@dataclass(frozen=True, slots=True)
class VoucherAsked:
    """A member asked for a voucher on that business day; `holder_id` holds the wallet now."""

    voucher: Voucher
    holder_id: str
    wallet_id: str
    day: date
    month: date


@dataclass(frozen=True, slots=True)
class PartnerErrand:
    """What must be said to the partner, saved with the decision that wants it said."""

    id: str
    voucher_id: str
    body: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class VoucherSettled:
    """The partner's word is known: a coupon, and the redemption that paid it, or the reason of a no."""

    voucher: Voucher
    wallet_id: str
    at: datetime
    month: date
    redemption_id: str | None = None
    coupon: Coupon | None = None
