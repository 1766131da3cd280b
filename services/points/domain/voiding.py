"""Voidings: the partner is asked to make a coupon worthless, and only then its points come back.

A voiding is asked for, and settled by a word of the partner: voided (all that the coupon cost comes back),
used (nothing does, for ever), or unknown (the partner knows no such coupon: nothing comes back, and it may be
asked anew). No word, a broken word or an old one changes nothing. Refuses to ask the partner: an errand does,
under the voiding's own number.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from services.points.domain.offer import PartnerUnconnected
from services.points.domain.voucher import Voucher, VoucherState
from shared.kernel.ids import derived, shown
from shared.kernel.refusal import Kind, Refusal
from shared.kernel.spoken import States
from shared.kernel.words import Words

VOID_COUPON = "void-coupon"
"""The kind of errand that asks a partner to void a coupon."""

_ERRAND = 1
"""The place of that errand among what its command names."""


class CouponNotVoided(Refusal):
    """A coupon's points are given back by its voiding alone: else somebody would ride for nothing."""

    kind = Kind.CONFLICT
    code = "coupon-not-voided"
    title = Words("须先作废券码", "The coupon must be voided first")
    advice = Words(
        "该抵扣支付了兑换券 {voucher}，积分未变动；请改用 POST /points/v1/vouchers/{voucher}/void，"
        "合作方作废券码后积分自动退回。",
        "This paid for voucher {voucher} and no points have moved; send POST"
        " /points/v1/vouchers/{voucher}/void instead: they come back once the partner has voided the coupon.",
    )


class CouponUsed(Refusal):
    """The partner says that the coupon was used: its points stay gone."""

    kind = Kind.CONFLICT
    code = "coupon-used"
    title = Words("券码已使用", "The coupon was used")
    advice = Words(
        "合作方于 {settled_at} 答复券码已使用，积分不退回。如会员有异议，请凭兑换券 {voucher} 向合作方核实；"
        "确需补偿时，请提出补发积分申请并由另一人复核。",
        "At {settled_at} the partner said that it was used, so no points come back. If the member says"
        " otherwise, ask the partner about voucher {voucher}; to make good, ask for a grant, which another"
        " person approves.",
    )


class VoucherNotIssued(Refusal):
    """There is no coupon that could be voided: none has come yet, or none will."""

    kind = Kind.CONFLICT
    code = "voucher-not-issued"
    title = Words("没有可作废的券码", "There is no coupon to void")
    advice = Words(
        "该兑换券{state}。",
        "The voucher is {state}.",
    )
    spoken: ClassVar[Mapping[str, States]] = {
        "state": {
            "asked": Words(
                "仍待合作方答复：请等候答复后再试", "asked for: wait for the partner's word and ask again"
            ),
            "refused": Words(
                "未获发放：积分已退回，无需操作",
                "refused: its points are back already, nothing is to be done",
            ),
        }
    }


class VoucherGivenBack(Refusal):
    """All that the coupon cost came back before partners were asked to void."""

    kind = Kind.CONFLICT
    code = "voucher-given-back"
    title = Words("积分已退回", "Its points are back already")
    advice = Words(
        "该兑换券的积分此前已全部退回；请凭 {voucher} 向合作方确认券码已作废。",
        "All its points came back before; ask the partner about {voucher}, whether the coupon is void.",
    )


class VoidingState(StrEnum):
    """Where a voiding stands; all but asked are for ever."""

    ASKED = "asked"
    VOIDED = "voided"
    USED = "used"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Voiding:
    """A request to void a voucher's coupon, by whom and why; `refund_id` is what gave its points back."""

    id: str
    voucher_id: str
    asked_by: str
    reason: str
    asked_at: datetime
    state: VoidingState = VoidingState.ASKED
    settled_at: datetime | None = None
    refund_id: str | None = None

    @property
    def number(self) -> str:
        """The number under which the partner is asked, and asked again: it never changes."""
        return voiding_number(self.id)

    @property
    def errand_id(self) -> str:
        """The errand that asks the partner to void."""
        return derived(self.id, _ERRAND)

    def settled(self, state: VoidingState, at: datetime, refund_id: str | None) -> "Voiding":
        """Give the voiding as the partner's word has settled it."""
        return replace(self, state=state, settled_at=at, refund_id=refund_id)


def voiding_number(voiding_id: str) -> str:
    """Give the number of a voiding, as partner and unit see it."""
    return shown("vdg", voiding_id)


def standing(voidings: Iterable[Voiding]) -> Voiding | None:
    """Give the one voiding of a voucher that is under way, or that has settled it for ever."""
    return next((one for one in voidings if one.state is not VoidingState.UNKNOWN), None)


def check_voidable(voucher: Voucher, connected: Collection[str]) -> None:
    """Let the coupon of a voucher be voided.

    :param connected: the partners that can be asked.
    :raises VoucherNotIssued: if there is no coupon.
    :raises VoucherGivenBack: if nothing could come back.
    :raises PartnerUnconnected: if nobody can ask the partner.
    """
    if voucher.state is not VoucherState.ISSUED:
        raise VoucherNotIssued(state=voucher.state.value)
    if not voucher.left_fen:
        raise VoucherGivenBack(voucher=voucher.number)
    if voucher.partner not in connected:
        raise PartnerUnconnected(partner=voucher.partner)


def voiding_view(voiding: Voiding, voucher: Voucher) -> Mapping[str, Any]:
    """Write a voiding as whoever asked for it reads it."""
    return {
        "voiding": voiding.number,
        "voucher": voucher.number,
        "state": voiding.state.value,
        "offer": voucher.offer,
        "partner": voucher.partner,
        "unit": voucher.unit,
        "price_fen": voucher.price_fen,
        "reason": voiding.reason,
        "asked_by": voiding.asked_by,
        "asked_at": voiding.asked_at,
        "settled_at": voiding.settled_at,
        "refund": None if voiding.refund_id is None else shown("rfd", voiding.refund_id),
    }


@dataclass(frozen=True, slots=True)
class VoidingAsked:
    """Somebody wants a coupon voided; it is the unit's voucher, paid from that wallet."""

    voiding: Voiding
    unit: str
    wallet_id: str
    month: date


@dataclass(frozen=True, slots=True)
class VoidingSettled:
    """The partner's word about a coupon is known."""

    voiding: Voiding
    month: date
