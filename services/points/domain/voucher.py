"""Vouchers: a partner's coupon paid with points; the points wait on hold until the partner's word is known.

A voucher is asked for, and then issued (the hold is captured in full) or refused (the hold is released): both
by a word of the partner that can be no other any more. No word, a broken word or an old one changes nothing.
A word that gives a coupon which is worth nothing is a no: nobody pays for it. What is issued comes back by a
voiding alone (domain/voiding.py). Refuses to ask the partner: an errand does, under the voucher's own number.
"""

from collections.abc import Container
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

from services.points.domain.amounts import Fen
from shared.kernel.ids import derived, shown

ASK_PARTNER = "ask-partner"
"""The kind of errand that asks a partner for a coupon."""

_ERRAND = 4
"""The place of that errand among what its command names."""


COUPON_OVER = "coupon-over"
"""The reason where the partner's coupon is over already."""

COUPON_KNOWN = "coupon-known"
"""The reason where the partner has given the same coupon for another voucher."""

WORTHLESS = frozenset({COUPON_OVER, COUPON_KNOWN})
"""The reasons that are ours: the partner says it has issued, and its invoice may say so too."""


_NOTHING = Fen(0)


class VoucherState(StrEnum):
    """Where a voucher stands; issued and refused are for ever."""

    ASKED = "asked"
    ISSUED = "issued"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Voucher:
    """A voucher; the hold that pays it has the same id.

    `member` is whom it is for; their holder of today is the lock. `reason` says why it was refused,
    `redemption_id` names the capture that paid a coupon. `given_back_fen` came back on the unit's word alone,
    before partners were asked to void.
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
    settled_at: datetime | None = None
    redemption_id: str | None = None
    given_back_fen: Fen = _NOTHING

    @property
    def number(self) -> str:
        """The number under which the partner is asked, and asked again: it never changes."""
        return request_number(self.id)

    @property
    def errand_id(self) -> str:
        """The errand that asks the partner for it."""
        return derived(self.id, _ERRAND)

    @property
    def left_fen(self) -> Fen:
        """What can still come back of an issued one."""
        return Fen(self.price_fen - self.given_back_fen)

    def issued(self, at: datetime, redemption_id: str) -> "Voucher":
        """Give the voucher with its coupon given out, paid by that capture."""
        return replace(self, state=VoucherState.ISSUED, settled_at=at, redemption_id=redemption_id)

    def refused(self, at: datetime, reason: str) -> "Voucher":
        """Give the voucher as one for which there will never be a coupon."""
        return replace(self, state=VoucherState.REFUSED, settled_at=at, reason=reason)


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
    """What must be said to the partner, saved with the decision that wants it said.

    `subject` is the number under which the partner is asked, and asked again. A partner that is silent keeps
    nobody waiting for another one.
    """

    id: str
    kind: str
    partner: str
    subject: str
    body: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class PartnerHeard:
    """An errand is over: its word was heard, and is kept in the same commit; `outcome` says what came of it.

    So an errand is under way exactly while its word is waited for, and the auditor can tell.
    """

    errand_id: str
    outcome: str
    at: datetime


@dataclass(frozen=True, slots=True)
class VoucherSettled:
    """The partner's word is known, and the voucher as it is for ever; with its coupon, or none."""

    voucher: Voucher
    wallet_id: str
    month: date
    coupon: Coupon | None = None
