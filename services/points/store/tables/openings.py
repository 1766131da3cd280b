"""What members had before, and the sheets that two persons stand for."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from services.points.store.columns import count, identifier, moment, text
from services.points.store.columns import day as calendar_day
from services.points.store.tables.declared import PointsTable


class OpeningSheets(PointsTable, table=True):
    """Files of opening balances as one person announced and another approved them."""

    __tablename__ = "opening_sheets"
    __table_args__ = (
        CheckConstraint("lines > 0", name="opening_sheets_lines_positive"),
        CheckConstraint("points > 0", name="opening_sheets_points_positive"),
        CheckConstraint("approved_by <> asked_by", name="opening_sheets_second_person"),
        CheckConstraint(
            "(approved_by IS NULL) = (approved_at IS NULL)", name="opening_sheets_approved_by_somebody"
        ),
        Index("opening_sheets_of_unit", "unit", "id"),
    )

    id: UUID = identifier(key=True)
    unit: str = text()
    digest: str = text()
    lines: int = count()
    points: int = count()
    asked_by: str = text()
    asked_at: datetime = moment()
    approved_by: str | None = text(empty=True)
    approved_at: datetime | None = moment(empty=True)


class Openings(PointsTable, table=True):
    """Opening balances by unit and reference, for ever."""

    __tablename__ = "openings"
    __table_args__ = (
        UniqueConstraint("id", name="openings_id_once"),
        CheckConstraint("points > 0", name="openings_points_positive"),
        CheckConstraint("earned_at < expires_at", name="openings_end_after_beginning"),
        Index("openings_sheet", "sheet_id"),
        Index("openings_month", "month", postgresql_using="brin"),
    )

    name: str = text(key=True)
    id: UUID = identifier()
    sheet_id: UUID = identifier()
    unit: str = text()
    reference: str = text()
    wallet_id: UUID = identifier()
    points: int = count()
    earned_at: datetime = moment()
    expires_at: datetime = moment()
    occurred_at: datetime = moment()
    month: date = calendar_day()
    answer: str = text()
