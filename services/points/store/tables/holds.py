"""Points set aside for orders, and of which lots."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index

from services.points.store.columns import count, day, identifier, moment, small, text
from services.points.store.tables.declared import PointsTable


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
