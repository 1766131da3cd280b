"""Holds: points set aside for an order, taken from the wallet as they are, captured in parts or let go.

A hold takes whole points: nothing is exchanged before a capture. What its points are worth, each slice
rounded down by itself, is exactly as much less after a capture as the capture paid: a rest of an exchanged
point stays on hold as change. So what is left of the amount can always be captured, in however many parts.
Refuses to know journals and accounts: domain/holding.py writes the lines.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from services.points.domain.amounts import Fen, Points, Rate
from services.points.domain.lot import Lot
from services.points.domain.spending import Slice, paid_by
from shared.kernel.refusal import Kind, Refusal
from shared.kernel.spoken import States
from shared.kernel.swift import swift
from shared.kernel.words import Words

LONGEST = timedelta(hours=24)
"""No hold lasts longer, whatever a rule says. Source: the owner's safety net for forgotten holds."""


NEVER = datetime(2200, 1, 1, tzinfo=UTC)
"""The end of a hold that has none of its own: it ends with what it was placed for. The last year that any
reader of ours takes, and later than any clock.
"""


class OrderHeld(Refusal):
    """Points are on hold for the unit's order already, on other terms or for somebody else."""

    kind = Kind.CONFLICT
    code = "order-held"
    title = Words("订单已有预占", "Points are on hold for the order")
    advice = Words(
        "订单 {order_no} 已有积分预占；请查询该预占，扣减或释放后再操作。",
        "Order {order_no} has a hold already; read it, and capture or release it instead.",
    )


class HoldClosed(Refusal):
    """The hold has ended: captured or released."""

    kind = Kind.CONFLICT
    code = "hold-closed"
    title = Words("预占已结束", "The hold has ended")
    advice = Words(
        "该预占已于 {ended_at} 结束（{ended_by}）；如仍需积分支付，请重新预占。",
        "The hold ended at {ended_at} ({ended_by}); to pay with points, place a new one.",
    )
    spoken: ClassVar[Mapping[str, States]] = {
        "ended_by": {
            "captured": Words("已扣减", "captured"),
            "released": Words("已释放", "released"),
            "expired": Words("已过期", "expired"),
        }
    }


class HoldExpired(Refusal):
    """The hold's time is over; its points go back to the lots they came from."""

    kind = Kind.GONE
    code = "hold-expired"
    title = Words("预占已过期", "The hold has expired")
    advice = Words(
        "该预占已于 {expires_at} 过期，积分退回原批次；如仍需积分支付，请重新预占。",
        "The hold expired at {expires_at} and its points go back; to pay with points, place a new one.",
    )


class HoldBound(Refusal):
    """The hold belongs to a voucher: the partner's word ends it, and nobody else."""

    kind = Kind.CONFLICT
    code = "hold-bound"
    title = Words("该预占由兑换券占用", "The hold belongs to a voucher")
    advice = Words(
        "该预占属于兑换券 {voucher}，由合作方的答复决定扣减或释放；请查询该兑换券。",
        "It belongs to voucher {voucher}; the partner's word captures or releases it. Read the voucher.",
    )


class HoldTooEarly(Refusal):
    """A hold begins now or in the past: rates of a later moment are not known yet."""

    kind = Kind.CONFLICT
    code = "hold-too-early"
    title = Words("预占时间不能在未来", "A hold cannot begin in the future")
    advice = Words("请使用不晚于 {now} 的时间。", "State a time that is not after {now}.")


class CaptureAboveHold(Refusal):
    """More was to be captured than is left of the hold."""

    kind = Kind.CONFLICT
    code = "capture-above-hold"
    title = Words("扣减额超过预占余额", "More than is left of the hold")
    advice = Words(
        "该预占尚可扣减人民币 {left_fen} 分，本次为 {amount_fen} 分；超出部分请以其他方式收取。",
        "{left_fen} fen of the hold can still be captured, this would be {amount_fen}; collect the "
        "rest otherwise.",
    )


class CaptureKnown(Refusal):
    """The hold's capture of that number is known with another amount."""

    kind = Kind.CONFLICT
    code = "capture-known"
    title = Words("该扣减编号已使用", "That number of a capture is taken")
    advice = Words(
        "编号 {capture_no} 已用于另一次扣减；新的扣减请使用新编号。",
        "Number {capture_no} names another capture of this hold; give a new capture a new number.",
    )


class Ended(StrEnum):
    """How a hold ended: used up (or finally captured), let go by its unit, or over in time."""

    CAPTURED = "captured"
    RELEASED = "released"
    EXPIRED = "expired"


@swift
@dataclass(frozen=True, slots=True)
class HeldSlice:
    """What a hold took from one lot, or got as change of one, and what of it still lies on hold."""

    place: int
    lot_id: str
    points: Points
    points_left: Points

    def left_with(self, points: int) -> "HeldSlice":
        """Give this slice with that many points left."""
        if points == self.points_left:
            return self
        return HeldSlice(self.place, self.lot_id, self.points, Points(points))


@swift
@dataclass(frozen=True, slots=True)
class Hold:
    """Points set aside for a unit's order: `amount_fen` of its price, of which a part may be captured.

    `occurred_at` pins the rates for every capture; it may be captured in [occurred_at, expires_at).
    `identity` is whoever it was placed for; their holder of today is the lock.
    """

    id: str
    name: str
    identity: str
    holder_id: str
    unit: str
    order_no: str
    price_fen: Fen
    amount_fen: Fen
    captured_fen: Fen
    occurred_at: datetime
    expires_at: datetime
    terms: str
    slices: tuple[HeldSlice, ...]
    ended_at: datetime | None = None
    ended_by: Ended | None = None

    @property
    def left_fen(self) -> Fen:
        """Give what may still be captured."""
        return Fen(self.amount_fen - self.captured_fen if self.ended_at is None else 0)

    @property
    def binds_order(self) -> bool:
        """Tell whether its order can have no other hold: it is open, or something was captured."""
        return self.ended_at is None or self.captured_fen > 0

    def check_free(self) -> None:
        """Let a unit capture or release the hold: one that has no end of its own is nobody's to end.

        :raises HoldBound: if it was placed for a voucher.
        """
        if self.expires_at >= NEVER:
            raise HoldBound(voucher=self.order_no)

    def check_open(self, at: datetime) -> None:
        """Let the hold be captured or released at that moment.

        :raises HoldClosed: if it was captured or released.
        :raises HoldExpired: if its time is over, whether or not anybody has looked since.
        """
        if self.ended_by is Ended.EXPIRED or (self.ended_at is None and at >= self.expires_at):
            raise HoldExpired(expires_at=self.expires_at.isoformat())
        if self.ended_at is not None and self.ended_by is not None:
            raise HoldClosed(ended_at=self.ended_at.isoformat(), ended_by=self.ended_by.value)

    def check_capture(self, amount_fen: int) -> None:
        """Let that much be captured.

        :raises CaptureAboveHold: if less is left.
        """
        if amount_fen > self.left_fen:
            raise CaptureAboveHold(left_fen=self.left_fen, amount_fen=amount_fen)

    def left_with(self, points: Mapping[str, int], opened: Iterable[HeldSlice], captured_fen: int) -> "Hold":
        """Give the hold with that many points left of some lots, new slices, and more captured."""
        slices = (
            *(one.left_with(points.get(one.lot_id, one.points_left)) for one in self.slices),
            *opened,
        )
        return replace(self, slices=slices, captured_fen=Fen(self.captured_fen + captured_fen))

    def ended(self, at: datetime, by: Ended) -> "Hold":
        """Give the hold as it has ended: nothing is left of any slice."""
        emptied = tuple(one.left_with(0) for one in self.slices)
        return replace(self, slices=emptied, ended_at=at, ended_by=by)


@swift
@dataclass(frozen=True, slots=True)
class HoldPlaced:
    """A hold with its slices, kept for ever, and the journal that placed it."""

    hold: Hold
    journal_id: str
    month: date
    answer: Mapping[str, Any]


@swift
@dataclass(frozen=True, slots=True)
class HoldTurned:
    """A hold was captured or ended, booked in that month; `slices` are those that the movement changed.

    A hold captured in thousands of parts leaves a slice of change for many of them: what was used up before
    is not written again by each that follows.
    """

    hold: Hold
    month: date
    slices: tuple[HeldSlice, ...]

    @classmethod
    def of(cls, before: Hold, after: Hold, month: date) -> "HoldTurned":
        """Tell what became of a hold by what it was."""
        known = {one.place: one for one in before.slices}
        return cls(after, month, tuple(one for one in after.slices if known.get(one.place) != one))


@swift
@dataclass(frozen=True, slots=True)
class KnownHold:
    """What a decision must know of the hold that binds an order."""

    holder_id: str
    terms: str
    answer: Mapping[str, Any]


def lasting(longest_s: int, wanted_s: int | None) -> timedelta:
    """Give how long a hold lasts: as wanted, at most as long as the rule says, never longer than 24 h."""
    longest = min(timedelta(seconds=longest_s), LONGEST)
    return longest if wanted_s is None else min(longest, timedelta(seconds=wanted_s))


def lots_on_hold(hold: Hold, lots: Mapping[str, Lot]) -> list[Lot]:
    """Give the hold's lots with what is left of them on hold, in the order in which they are spent."""
    held = [lots[one.lot_id].left_with(one.points_left) for one in hold.slices if one.points_left]
    return sorted(held, key=lambda lot: lot.order)


def captured(held: Sequence[Lot], rates: Mapping[str, Rate], fen: int) -> list[Slice]:
    """Take that much from lots on hold, in the given order; what they are worth falls by exactly as much.

    Of a rate n/d, groups of d points are worth n fen to the last fraction and are redeemed as they are.
    What is wanted beyond them comes out of one more group, exchanged whole, or out of the last few points of
    a lot, which were counted at their worth rounded down when the hold was placed.

    :param held: lots whose `points_left` is what is on hold.
    :raises ValueError: if they are not worth that much (the caller has compared first).
    """
    return paid_by(held, rates, fen, _captured)


def _captured(lot: Lot, rate: Rate, wanted_fen: int) -> Slice:
    paid = min(rate.worth(lot.points_left), wanted_fen)
    groups, rest = divmod(paid, rate.numerator)
    direct = groups * rate.denominator
    exchanged = min(rate.denominator, lot.points_left - direct) if rest else 0
    points = Points(direct + exchanged)
    change = Points(rate.worth(points) - paid)
    return Slice(lot, points, Fen(paid), Points(exchanged), change)
