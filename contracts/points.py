"""What the service points announces. Receipts without points announce nothing."""

from typing import Annotated

from pydantic import Field

from contracts.shapes import (
    Asset,
    Day,
    EventData,
    Fen,
    Id,
    Moment,
    Month,
    Name,
    Number,
    PaidFen,
    Part,
    Points,
    Unit,
)

Version = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]
"""The version of a rule, from 1."""


class Slice(Part):
    """What one issuer's points of one asset paid in a redemption."""

    asset: Asset
    issuer: Unit
    points: Points
    paid_fen: PaidFen


class Owed(Part):
    """What an issuer came to owe the redeeming unit, or does not owe any more."""

    issuer: Unit
    amount_fen: PaidFen


class Bonus(Part):
    """What a campaign added to a receipt: points in a lot of their own, issued by the bearer."""

    campaign: Name
    bearer: Unit
    asset: Asset
    points: Points
    lot: Id


class HeldPart(Part):
    """What one issuer's points of one asset come to in a hold, or in what it gave back."""

    asset: Asset
    issuer: Unit
    points: Points


class WalletEarned(EventData):
    """`points.wallet.earned`: a receipt brought points. Key: the holder; seq: the holder's version.

    The lots may be spent in [available_at, expires_at); `occurred_at` is the time of the purchase. `points`
    are the receipt's own; a `bonus` comes on top and never counts for growth.
    """

    journal: Id
    holder: Id
    wallet: Id
    unit: Unit
    asset: Asset
    points: Points
    lot: Id
    available_at: Moment
    expires_at: Moment
    receipt_no: Number
    occurred_at: Moment
    bonus: Bonus | None = None


class WalletRedeemed(EventData):
    """`points.wallet.redeemed`: points paid at `unit`. Key: the holder; seq: the holder's version.

    `owed` names only issuers other than the redeeming unit.
    """

    journal: Id
    holder: Id
    redemption: Id
    unit: Unit
    order_no: Number
    paid_fen: PaidFen
    slices: list[Slice]
    owed: list[Owed]


class Restored(Part):
    """What came back to one issuer's points of one asset by a refund."""

    asset: Asset
    issuer: Unit
    points: Points
    worth_fen: PaidFen


class WalletRefunded(EventData):
    """`points.wallet.refunded`: what points had paid at `unit` came back. Key: the holder; seq: its version.

    `undone` is what issuers other than the unit do not owe it any more.
    """

    journal: Id
    holder: Id
    refund: Id
    redemption: Id
    unit: Unit
    order_no: Number
    refund_no: Number
    refunded_fen: PaidFen
    restored: list[Restored]
    undone: list[Owed]


class Fraction(Part):
    """A rate: points of the second asset for one point of the first, before fee and rounding."""

    numerator: Points
    denominator: Points


class Exchanged(Part):
    """What the points of one issuer became; the new points are that issuer's as well."""

    issuer: Unit
    points: Points
    given: Points


class WalletExchanged(EventData):
    """`points.wallet.exchanged`: points became points of another asset. Key: the holder; seq: its version.

    `value_fen` went in and is what the given points are worth, the fee and the residual together.
    """

    exchange: Id
    journal: Id
    holder: Id
    from_asset: Asset
    to_asset: Asset
    points: Points
    given: Points
    value_fen: PaidFen
    fee_fen: PaidFen
    residual_fen: PaidFen
    rate: Fraction
    issuers: list[Exchanged]
    occurred_at: Moment


class WalletExpired(EventData):
    """`points.wallet.expired`: what was left of a lot is over. Key: the holder; seq: the holder's version."""

    journal: Id
    holder: Id
    asset: Asset
    issuer: Unit
    points: Points
    lot: Id


class WalletCheckedIn(EventData):
    """`points.wallet.checked_in`: a member checked in for a business day. Key: the holder; seq: its version.

    `streak` counts the days in a row, this one included; the points can be spent until `expires_at`.
    """

    journal: Id
    holder: Id
    wallet: Id
    unit: Unit
    day: Day
    streak: Version
    asset: Asset
    points: Points
    lot: Id
    expires_at: Moment


class WalletGranted(EventData):
    """`points.wallet.granted`: two persons of the staff gave points at a unit's cost. Key: the holder.

    Seq: the holder's version. The reason stays with points: people write names into it.
    """

    journal: Id
    holder: Id
    grant: Id
    unit: Unit
    asset: Asset
    points: Points
    lot: Id
    expires_at: Moment


class WalletDeducted(EventData):
    """`points.wallet.deducted`: two persons of the staff took a unit's points back. Key: the holder.

    Seq: the holder's version.
    """

    journal: Id
    holder: Id
    deduction: Id
    unit: Unit
    asset: Asset
    points: Points


class WalletGiven(EventData):
    """`points.wallet.given`: the holder gave points to another one. Key: the holder; seq: its version.

    Who got them is not said here: the other side has an event of its own.
    """

    journal: Id
    holder: Id
    gift: Id
    asset: Asset
    points: Points
    by_issuer: dict[Unit, Points]


class WalletReceived(EventData):
    """`points.wallet.received`: the holder was given points. Key: the holder; seq: its version."""

    journal: Id
    holder: Id
    gift: Id
    asset: Asset
    points: Points
    by_issuer: dict[Unit, Points]


class HoldPlaced(EventData):
    """`points.hold.placed`: points are set aside for an order. Key: the holder; seq: the holder's version.

    Nothing is paid yet: up to `amount_fen` of the order's price may be captured before `expires_at`.
    A hold that is placed for a voucher has no end of its own: it says the year 2200.
    """

    journal: Id
    holder: Id
    hold: Id
    unit: Unit
    order_no: Number
    amount_fen: PaidFen
    slices: list[HeldPart]
    expires_at: Moment


class HoldCaptured(EventData):
    """`points.hold.captured`: points on hold paid at `unit`. Key: the holder; seq: the holder's version.

    It has every field of `points.wallet.redeemed` with the same meaning: who counts what was redeemed counts
    both types alike. `left_fen` is what may still be captured; at 0 the hold has ended, and `released` points
    are back in their lots.
    """

    journal: Id
    holder: Id
    redemption: Id
    hold: Id
    capture_no: Number
    unit: Unit
    order_no: Number
    paid_fen: PaidFen
    left_fen: PaidFen
    slices: list[Slice]
    owed: list[Owed]
    released: list[HeldPart]


class HoldReleased(EventData):
    """`points.hold.released`: what was left on hold is back in its lots. Key: the holder; seq: its version.

    `cause` is `released` (by the unit) or `expired`; `captured_fen` is what was captured before.
    """

    journal: Id
    holder: Id
    hold: Id
    unit: Unit
    order_no: Number
    cause: Name
    captured_fen: PaidFen
    slices: list[HeldPart]


class WalletBroughtIn(EventData):
    """`points.wallet.brought_in`: points of a unit's own system before were brought in. Key: the holder.

    Seq: the holder's version; `reference` is the unit's own.
    """

    journal: Id
    holder: Id
    wallet: Id
    unit: Unit
    asset: Asset
    points: Points
    lot: Id
    expires_at: Moment
    reference: Number


class MonthSealed(EventData):
    """`points.month.sealed`: nothing in this month changes any more. Key: the month; seq: its version.

    `net_fen` per unit is what others came to owe it less what it came to owe; the sum is 0.
    """

    month: Month
    net_fen: dict[Unit, Fen]


class StatementIssued(EventData):
    """`points.statement.issued`: a unit can read its month. Key: the month; seq: the month's version."""

    statement: Id
    month: Month
    unit: Unit
    net_fen: Fen


class RuleApproved(EventData):
    """`points.rule.approved`: a second person let a version take effect. Key: the rule; seq: its version."""

    rule: Name
    kind: Name
    version: Version
    valid_from: Moment


class CampaignAlerted(EventData):
    """`points.campaign.alerted`: a campaign's budget is used to four fifths. Key: the budget; seq: 1, once.

    `used` of `budget` points of the bearer were given when it was noticed.
    """

    campaign: Name
    version: Version
    bearer: Unit
    used: Points
    budget: Points


class PairAlerted(EventData):
    """`points.pair.alerted`: a unit owes another more in a month than their limit. Key: the pair; seq: 1.

    `amount_fen` is what `issuer` had come to owe `unit` when it was noticed, less what was given back;
    `most_fen` is the limit of the pair, at which exchanges stop and redemptions do not.
    """

    month: Month
    issuer: Unit
    unit: Unit
    amount_fen: PaidFen
    most_fen: PaidFen
