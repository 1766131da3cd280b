"""What the ledger was asked for: receipts, redemptions, what came back of both, holds, and debts."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from services.points.store.columns import count, day, identifier, moment, small, text
from services.points.store.tables.declared import PointsTable


class Receipts(PointsTable, table=True):
    """Receipts by their natural name, with or without points, for ever."""

    __tablename__ = "receipts"
    __table_args__ = (
        UniqueConstraint("id", name="receipts_id_once"),
        CheckConstraint("amount_fen >= 0", name="receipts_amount_not_negative"),
        CheckConstraint("terms IS NOT NULL", name="receipts_terms_kept"),
        Index("receipts_month", "month", postgresql_using="brin"),
        Index("receipts_capped", "wallet_id", "capped_on", postgresql_where="capped_on IS NOT NULL"),
    )

    name: str = text(key=True)
    id: UUID = identifier()
    unit: str = text()
    store: str = text()
    number: str = text()
    wallet_id: UUID = identifier()
    amount_fen: int = count()
    purchased_at: datetime = moment()
    occurred_at: datetime = moment()
    month: date = day()
    points: int = count()
    answer: str = text()
    terms: str | None = text(empty=True)
    capped_on: date | None = day(empty=True)


class Redemptions(PointsTable, table=True):
    """Redemptions by unit and order number, for ever."""

    __tablename__ = "redemptions"
    __table_args__ = (
        UniqueConstraint("id", name="redemptions_id_once"),
        CheckConstraint("paid_fen BETWEEN 1 AND price_fen", name="redemptions_paid_within_price"),
        Index("redemptions_month", "month", postgresql_using="brin"),
        Index("redemptions_hold", "hold_id", postgresql_where="hold_id IS NOT NULL"),
    )

    name: str = text(key=True)
    id: UUID = identifier()
    unit: str = text()
    order_no: str = text()
    holder_id: UUID = identifier()
    price_fen: int = count()
    paid_fen: int = count()
    change_points: int = count()
    occurred_at: datetime = moment()
    month: date = day()
    terms: str = text()
    answer: str = text()
    hold_id: UUID | None = identifier(empty=True)


class Refunds(PointsTable, table=True):
    """What came back of a redemption or capture, by the unit's own refund number, for ever."""

    __tablename__ = "refunds"
    __table_args__ = (
        UniqueConstraint("id", name="refunds_id_once"),
        CheckConstraint("amount_fen > 0", name="refunds_amount_positive"),
        UniqueConstraint("redemption_id", "refunded_fen", name="refunds_follow_one_another"),
        Index("refunds_month", "month", postgresql_using="brin"),
    )

    name: str = text(key=True)
    id: UUID = identifier()
    redemption_id: UUID = identifier()
    unit: str = text()
    refund_no: str = text()
    amount_fen: int = count()
    refunded_fen: int = count()
    occurred_at: datetime = moment()
    month: date = day()
    answer: str = text()


class Returns(PointsTable, table=True):
    """What came back of a purchase, by the unit's own return number, for ever."""

    __tablename__ = "returns"
    __table_args__ = (
        UniqueConstraint("id", name="returns_id_once"),
        CheckConstraint("amount_fen > 0", name="returns_amount_positive"),
        CheckConstraint("points >= 0", name="returns_points_not_negative"),
        CheckConstraint("debt_fen >= 0", name="returns_debt_not_negative"),
        UniqueConstraint("receipt_id", "returned_fen", name="returns_follow_one_another"),
        Index("returns_month", "month", postgresql_using="brin"),
    )

    name: str = text(key=True)
    id: UUID = identifier()
    receipt_id: UUID = identifier()
    unit: str = text()
    return_no: str = text()
    amount_fen: int = count()
    category: str | None = text(empty=True)
    returned_fen: int = count()
    points: int = count()
    debt_fen: int = count()
    occurred_at: datetime = moment()
    month: date = day()
    answer: str = text()


class Declines(PointsTable, table=True):
    """Redemptions refused for want of points: counted, nothing moved."""

    __tablename__ = "declines"
    __table_args__ = (Index("declines_month", "month", postgresql_using="brin"),)

    id: UUID = identifier(key=True)
    unit: str = text()
    order_no: str = text()
    code: str = text()
    occurred_at: datetime = moment()
    month: date = day()


class Holds(PointsTable, table=True):
    """Points set aside for an order of a unit until it is captured, released or too late."""

    __tablename__ = "holds"
    __table_args__ = (
        CheckConstraint("amount_fen BETWEEN 1 AND price_fen", name="holds_amount_within_price"),
        CheckConstraint("captured_fen BETWEEN 0 AND amount_fen", name="holds_captured_within_amount"),
        CheckConstraint("is_open = (ended_at IS NULL)", name="holds_ended_once_shut"),
        CheckConstraint("ended_by IN ('captured', 'released', 'expired')", name="holds_ended_by_known"),
        CheckConstraint("(ended_month IS NULL) = (ended_by IS NULL)", name="holds_ended_in_a_month"),
        Index("holds_order_once", "name", unique=True, postgresql_where="is_open OR captured_fen > 0"),
        Index("holds_open", "holder_id", postgresql_where="is_open"),
        Index("holds_name", "name"),
        Index("holds_month", "month", postgresql_using="brin"),
        Index("holds_to_expire", "expires_at", postgresql_where="is_open"),
        Index("holds_of_holder", "holder_id", "occurred_at"),
    )

    id: UUID = identifier(key=True)
    name: str = text()
    identity: str = text()
    holder_id: UUID = identifier()
    unit: str = text()
    order_no: str = text()
    price_fen: int = count()
    amount_fen: int = count()
    captured_fen: int = count()
    is_open: bool
    occurred_at: datetime = moment()
    expires_at: datetime = moment()
    ended_at: datetime | None = moment(empty=True)
    month: date = day()
    journal_id: UUID = identifier()
    terms: str = text()
    answer: str = text()
    ended_by: str | None = text(empty=True)
    ended_month: date | None = day(empty=True)


class HoldSlices(PointsTable, table=True):
    """What a hold took from one lot, and what of it is still on hold."""

    __tablename__ = "hold_slices"
    __table_args__ = (
        CheckConstraint("points > 0", name="hold_slices_points_positive"),
        CheckConstraint("points_left BETWEEN 0 AND points", name="hold_slices_points_left_within_points"),
        Index("hold_slices_lot", "lot_id"),
    )

    hold_id: UUID = identifier(key=True)
    place: int = small(key=True)
    lot_id: UUID = identifier()
    points: int = count()
    points_left: int = count()


class Debts(PointsTable, table=True):
    """What a member owes a unit after a return, in fen, by the wallet that had earned."""

    __tablename__ = "debts"
    __table_args__ = (
        CheckConstraint("fen >= 0", name="debts_fen_not_negative"),
        UniqueConstraint("wallet_id", "issuer", name="debts_once_per_wallet_and_issuer"),
        Index("debts_owed", "wallet_id", postgresql_where="fen > 0"),
    )

    account: int = count(key=True)
    wallet_id: UUID = identifier()
    issuer: str = text()
    fen: int = count()
