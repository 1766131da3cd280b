"""Refunding: what was paid with points comes back as value, to the lots it came from, in reverse order.

Every line is reversed at the rate pinned on it, whatever a point is worth today. Refuses to know who asks.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import gcd

from services.points.domain.account import AccountRole, Accounts
from services.points.domain.amounts import CNY_PER_FEN, Fen, Points
from services.points.domain.journal import CNY, GROUP_POINT, Lines, Transfer
from services.points.domain.lot import Lot, Origin
from shared.kernel.calendar import days
from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words

GRACE_DAYS = 30
"""How long points come back for whose lot has expired. Source: the demo group's rule table."""


class RefundAbovePaid(Refusal):
    """More would come back than points have paid."""

    kind = Kind.CONFLICT
    code = "refund-above-paid"
    title = Words("退回超过已抵扣金额", "More than points have paid")
    advice = Words(
        "积分共抵扣人民币 {paid_fen} 分，已退回 {refunded_fen} 分；最多还可退回 {left_fen} 分，"
        "本次为 {wanted_fen} 分。",
        "Points paid {paid_fen} fen, {refunded_fen} fen are back already: at most {left_fen} fen can still"
        " be refunded, {wanted_fen} fen were asked.",
    )


class RefundConflict(Refusal):
    """The unit's refund number is known with another redemption or another amount."""

    kind = Kind.CONFLICT
    code = "refund-conflict"
    title = Words("退回单号已登记且内容不同", "The refund is known with other facts")
    advice = Words(
        "退回单号 {refund_no} 已按人民币 {amount_fen} 分登记；另一笔退回请使用新的单号。",
        "Refund {refund_no} is known with {amount_fen} fen; give another refund a number of its own.",
    )


class RefundTooEarly(Refusal):
    """Nothing comes back before it was paid."""

    kind = Kind.CONFLICT
    code = "refund-too-early"
    title = Words("退回时间早于抵扣", "The refund lies before the redemption")
    advice = Words(
        "该笔抵扣发生于 {paid_at}，请核对退回时间。",
        "The redemption was at {paid_at}; check the time you stated.",
    )


@dataclass(frozen=True, slots=True)
class PaidLine:
    """A redeemed line as it was posted: points of which lot, and what they paid at the rate of then."""

    id: int
    wallet_id: str
    lot_id: str
    points: Points
    worth_fen: Fen


@dataclass(frozen=True, slots=True)
class Payment:
    """What points have paid for an order, by redemption or capture: its lines, and what came back of it.

    `lines` stand in the order in which they were taken. `voucher_id` is the voucher it paid for, if it did.
    """

    id: str
    unit: str
    order_no: str
    paid_fen: Fen
    paid_at: datetime
    lines: tuple[PaidLine, ...]
    refunded_fen: Fen
    voucher_id: str | None = None

    @property
    def left_fen(self) -> Fen:
        """What can still come back."""
        return Fen(self.paid_fen - self.refunded_fen)

    def with_refund(self, fen: int) -> "Payment":
        """Give the payment after that much more came back."""
        return replace(self, refunded_fen=Fen(self.refunded_fen + fen))


@dataclass(frozen=True, slots=True)
class Reversal:
    """What comes back of one line: `fen` of its worth, as `points` of its lot and `rest` group points."""

    line: PaidLine
    fen: Fen

    @property
    def points(self) -> Points:
        """Whole points of the line's lot that are worth a whole number of fen, at the line's own rate."""
        per_fen, per_points = self._unit
        return Points(self.fen // per_fen * per_points)

    @property
    def rest(self) -> Points:
        """What is less than that, in group points."""
        return Points(self.fen % self._unit[0])

    @property
    def _unit(self) -> tuple[int, int]:
        # The least fen that are worth whole points at the pinned rate, and how many points that is.
        common = gcd(self.line.worth_fen, self.line.points)
        return self.line.worth_fen // common, self.line.points // common


def check_refund(payment: Payment, amount_fen: int, at: datetime) -> None:
    """Let that much come back at that moment.

    :raises RefundTooEarly: if that is before it was paid.
    :raises RefundAbovePaid: if all refunds together would be more than points have paid.
    """
    if at < payment.paid_at:
        raise RefundTooEarly(paid_at=payment.paid_at.isoformat())
    if amount_fen > payment.left_fen:
        raise RefundAbovePaid(
            paid_fen=payment.paid_fen,
            refunded_fen=payment.refunded_fen,
            left_fen=payment.left_fen,
            wanted_fen=amount_fen,
        )


def reversals(payment: Payment, amount_fen: int) -> list[Reversal]:
    """Choose what comes back: the last taken first, behind what earlier refunds have brought back.

    :raises ValueError: if the lines are not worth that much (the caller has checked first).
    """
    skipped, wanted = payment.refunded_fen, amount_fen
    found: list[Reversal] = []
    for line in reversed(payment.lines):
        gone = min(skipped, line.worth_fen)
        skipped = Fen(skipped - gone)
        fen = min(line.worth_fen - gone, wanted)
        if fen:
            found.append(Reversal(line, Fen(fen)))
            wanted -= fen
    if wanted:
        raise ValueError(f"{wanted} fen of {amount_fen} are not covered by the lines of {payment.id}")
    return found


@dataclass(frozen=True, slots=True)
class Restored:
    """Points that came back: into which lot (as it is then), for which line, and what they are worth."""

    line: PaidLine
    lot: Lot
    points: Points
    worth_fen: Fen
    is_new: bool


def restored(
    reversed_: Iterable[Reversal], lots: Mapping[str, Lot], at: datetime, names: Iterator[str]
) -> list[Restored]:
    """Give every reversed line's value back to its lot; what cannot go there opens a lot beside it.

    A lot that has expired does not wake up: its points come back in a new lot for 30 days. What is less than
    a point of the lot comes back in group points.

    :param lots: the lots of the lines as they are now, by id.
    :param names: ids for new lots, as many as are asked for.
    """
    now = dict(lots)
    found: list[Restored] = []
    for one in reversed_:
        lot, line = now[one.line.lot_id], one.line
        worth = Fen(one.fen - one.rest)
        if one.points and lot.expires_at > at:
            now[lot.id] = lot.left_with(lot.points_left + one.points)
            found.append(Restored(line, now[lot.id], one.points, worth, is_new=False))
        elif one.points:
            beside = _beside(lot, next(names), lot.asset, one.points, at)
            found.append(Restored(line, beside, one.points, worth, is_new=True))
        if one.rest:
            beside = _beside(lot, next(names), GROUP_POINT, one.rest, at)
            found.append(Restored(line, beside, one.rest, Fen(one.rest), is_new=True))
    return found


def _beside(lot: Lot, name: str, asset: str, points: Points, at: datetime) -> Lot:
    ends_at = lot.expires_at if lot.expires_at > at else at + days(GRACE_DAYS)
    return replace(
        lot,
        id=name,
        asset=asset,
        earned=points,
        points_left=points,
        expires_at=ends_at,
        parent_id=lot.id,
        origin=Origin.RESTORED if asset == lot.asset else Origin.CHANGE,
    )


def refund_lines(
    back: Sequence[Restored], unit: str, accounts: Accounts, wallet_accounts: Mapping[str, int]
) -> Lines:
    """Write the lines that undo what a redemption at a unit has booked.

    Each names the line it reverses; where the lot's issuer is another unit, a line in money undoes what it
    came to owe.

    :param wallet_accounts: account number by wallet id.
    """
    transfers: list[Transfer] = []
    redeemed = accounts.of(AccountRole.REDEEMED, unit)
    for one in back:
        lot = one.lot
        transfers.append(
            Transfer(
                lot.asset,
                one.points,
                redeemed,
                wallet_accounts[lot.wallet_id],
                lot.id,
                worth_fen=one.worth_fen,
                cause_line=one.line.id,
            )
        )
        if lot.issuer != unit:
            issuer = accounts.of(AccountRole.CLEARING, lot.issuer)
            redeemer = accounts.of(AccountRole.CLEARING, unit)
            money = one.worth_fen * CNY_PER_FEN
            transfers.append(Transfer(CNY, money, redeemer, issuer, cause=len(transfers) - 1))
    refilled = {one.lot.id: one.lot for one in back if not one.is_new}
    return Lines(tuple(transfers), tuple(refilled.values()), tuple(one.lot for one in back if one.is_new))
