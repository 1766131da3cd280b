"""Redemptions, what came back of them, and those that were refused for want of points."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from services.points.store.columns import count, day, identifier, moment, text
from services.points.store.tables.declared import PointsTable


class Redemptions(PointsTable, table=True):
    """Redemptions by unit and order number, for ever."""

    __tablename__ = "redemptions"
    __table_args__ = (
        UniqueConstraint("id", name="redemptions_id_once"),
        CheckConstraint("paid_fen BETWEEN 1 AND price_fen", name="redemptions_paid_within_price"),
        Index("redemptions_month", "month", postgresql_using="brin"),
        Index("redemptions_captures", "hold_id", "id", postgresql_where="hold_id IS NOT NULL"),
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
