"""Receipts, with or without points, and what came back of their purchases."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from services.points.store.columns import count, day, identifier, moment, text
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
