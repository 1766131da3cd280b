"""Grants and deductions by hand: asked for by one person with a reason, done only once another approves.

A grant opens a lot at a unit's cost, a deduction takes points back from that unit's own lots. Refuses to know
wallets: a request names an identity, whose holder is looked up when it is approved.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from services.points.domain.amounts import Fen, Points
from services.points.domain.limit import Wish
from services.points.domain.lot import Lot
from shared.kernel.calendar import day_of, quarter_end_after
from shared.kernel.ids import shown
from shared.kernel.refusal import Kind, Refusal
from shared.kernel.spoken import States
from shared.kernel.words import Words


class AdjustmentKind(StrEnum):
    """Which way the points go."""

    GRANT = "grant"
    DEDUCTION = "deduction"


PREFIXES: Mapping[AdjustmentKind, str] = {AdjustmentKind.GRANT: "grt", AdjustmentKind.DEDUCTION: "ded"}
"""How ids of requests are shown."""


class AdjustmentState(StrEnum):
    """Where a request stands."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"


class AnotherPersonNeeded(Refusal):
    """Whoever asked for points to be given or taken may not approve it."""

    kind = Kind.CONFLICT
    code = "another-person-needed"
    title = Words("需要另一人复核", "Another person is needed")
    advice = Words(
        "申请由 {asked_by} 提出，须由另一人复核。", "{asked_by} asked for this; another person approves it."
    )


class RequestDecided(Refusal):
    """The request was approved or rejected before."""

    kind = Kind.CONFLICT
    code = "request-decided"
    title = Words("申请已处理", "The request has been decided")
    advice = Words(
        "该申请{state}，由 {decided_by} 处理；如需更改，请提出新的申请。",
        "The request is {state}, decided by {decided_by}; ask anew if something is to change.",
    )
    spoken: ClassVar[Mapping[str, States]] = {
        "state": {"approved": Words("已批准", "approved"), "rejected": Words("已驳回", "rejected")}
    }


class AboveGrantLimit(Refusal):
    """One request may not be worth that much."""

    kind = Kind.CONFLICT
    code = "above-grant-limit"
    title = Words("超过单次上限", "Above the limit of one request")
    advice = Words(
        "单次申请价值至多人民币 {most_fen} 分，本次为 {worth_fen} 分；请减少积分数量。",
        "One request may be worth {most_fen} fen at most, this one is worth {worth_fen} fen; ask for less.",
    )


class UnknownReceiver(Refusal):
    """Points have never heard of that member or number."""

    kind = Kind.CONFLICT
    code = "unknown-receiver"
    title = Words("没有这位会员", "No such member or number")
    advice = Words(
        "请核对会员号；积分服务尚无该会员或会员号的记录。",
        "Check the number; points have no record of that member or number.",
    )


@dataclass(frozen=True, slots=True)
class GrantTerms:
    """What one request may be worth (fen), and after how many months granted points expire.

    They can be spent at once and expire at the end of the quarter in which the months have passed.
    `unit_day_fen` is what grants of one unit that are approved on one business day may be worth together,
    None: any. Deductions make no unit owe more, and draw nothing of it.
    """

    version: int
    most_fen: Fen
    expiry_months: int
    unit_day_fen: Fen | None = None

    @classmethod
    def read(cls, version: int, body: Mapping[str, Any]) -> "GrantTerms":
        """Read the body of a rule."""
        day_fen = body.get("unit_day_fen")
        return cls(
            version, Fen(body["most_fen"]), body["expiry_months"], None if day_fen is None else Fen(day_fen)
        )

    def check(self, worth_fen: int) -> None:
        """Let a request of that worth pass.

        :raises AboveGrantLimit: if it is worth more than one request may be.
        """
        if worth_fen > self.most_fen:
            raise AboveGrantLimit(most_fen=self.most_fen, worth_fen=worth_fen)

    def wishes(self, adjustment: "Adjustment", worth_fen: int, at: datetime) -> tuple[Wish, ...]:
        """Name what an approval at that moment draws of its unit's business day."""
        if self.unit_day_fen is None or adjustment.kind is not AdjustmentKind.GRANT or not worth_fen:
            return ()
        limit, day = f"grant:{adjustment.unit}", day_of(at).isoformat()
        return (Wish(limit, day, self.unit_day_fen, worth_fen, adjustment.id),)

    def expires_at(self, granted_at: datetime) -> datetime:
        """Give the first moment at which granted points can no longer be spent."""
        return quarter_end_after(granted_at, self.expiry_months)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A request to give points to an identity at a unit's cost, or to take that unit's points back."""

    id: str
    kind: AdjustmentKind
    unit: str
    identity: str
    points: Points
    reason: str
    asked_by: str
    asked_at: datetime
    state: AdjustmentState = AdjustmentState.OPEN
    decided_by: str | None = None


@dataclass(frozen=True, slots=True)
class AdjustmentAsked:
    """Somebody asks for a grant or a deduction."""

    adjustment: Adjustment


@dataclass(frozen=True, slots=True)
class AdjustmentDecided:
    """A request was approved, and booked in a month, or rejected with a remark."""

    adjustment: Adjustment
    at: datetime
    remark: str | None
    month: date | None


def approved(adjustment: Adjustment, by: str) -> Adjustment:
    """Let a second person approve a request.

    :raises RequestDecided: if it is no longer open.
    :raises AnotherPersonNeeded: if the same subject asked for it.
    """
    _check_open(adjustment)
    if adjustment.asked_by == by:
        raise AnotherPersonNeeded(asked_by=by)
    return replace(adjustment, state=AdjustmentState.APPROVED, decided_by=by)


def rejected(adjustment: Adjustment, by: str) -> Adjustment:
    """Let anybody who may approve reject a request, and whoever asked withdraw it.

    :raises RequestDecided: if it is no longer open.
    """
    _check_open(adjustment)
    return replace(adjustment, state=AdjustmentState.REJECTED, decided_by=by)


def _check_open(adjustment: Adjustment) -> None:
    if adjustment.state is not AdjustmentState.OPEN:
        raise RequestDecided(state=adjustment.state.value, decided_by=adjustment.decided_by)


def deductible(lots: Iterable[Lot], issuer: str, asset: str, at: datetime) -> list[Lot]:
    """Give the issuer's lots of that asset that are not over, in spending order, pending ones last."""
    own = (lot for lot in lots if lot.issuer == issuer and lot.asset == asset and at < lot.expires_at)
    return sorted(own, key=lambda lot: (not lot.usable(at), lot.order))


def adjustment_view(adjustment: Adjustment, asset: str) -> dict[str, Any]:
    """Write a request as people read it."""
    return {
        adjustment.kind.value: shown(PREFIXES[adjustment.kind], adjustment.id),
        "unit": adjustment.unit,
        "asset": asset,
        "points": adjustment.points,
        "reason": adjustment.reason,
        "state": adjustment.state.value,
        "asked_by": adjustment.asked_by,
        "asked_at": adjustment.asked_at,
        "decided_by": adjustment.decided_by,
    }
