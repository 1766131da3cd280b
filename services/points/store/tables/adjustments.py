"""Grants and deductions by hand."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index

from services.points.store.columns import count, identifier, moment, text
from services.points.store.columns import day as calendar_day
from services.points.store.tables.declared import PointsTable


class Adjustments(PointsTable, table=True):
    """Grants and deductions by hand: who asked for what and why, and the other person who decided."""

    __tablename__ = "adjustments"
    __table_args__ = (
        CheckConstraint("kind IN ('grant', 'deduction')", name="adjustments_kind_known"),
        CheckConstraint("points > 0", name="adjustments_points_positive"),
        CheckConstraint("state IN ('open', 'approved', 'rejected')", name="adjustments_state_known"),
        CheckConstraint("state <> 'approved' OR decided_by <> asked_by", name="adjustments_second_person"),
        CheckConstraint(
            "(state = 'open') = (decided_by IS NULL) AND (state = 'open') = (decided_at IS NULL)",
            name="adjustments_decided_by_somebody",
        ),
        CheckConstraint(
            "(state = 'approved') = (month IS NOT NULL)", name="adjustments_booked_once_approved"
        ),
        Index("adjustments_month", "month"),
        Index("adjustments_listed", "kind", "id"),
        Index("adjustments_listed_by_state", "kind", "state", "id"),
        Index("adjustments_of_unit", "unit", "kind", "id"),
        Index("adjustments_of_unit_by_state", "unit", "kind", "state", "id"),
    )

    id: UUID = identifier(key=True)
    kind: str = text()
    unit: str = text()
    identity: str = text()
    points: int = count()
    reason: str = text()
    asked_by: str = text()
    asked_at: datetime = moment()
    state: str = text()
    decided_by: str | None = text(empty=True)
    decided_at: datetime | None = moment(empty=True)
    remark: str | None = text(empty=True)
    month: date | None = calendar_day(empty=True)
