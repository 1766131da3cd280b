"""Rules: every version, drafted by one person and approved by another."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint

from services.points.store.columns import count, identifier, moment, text
from services.points.store.tables.declared import PointsTable


class Rules(PointsTable, table=True):
    """Versions of units, earn rules, rates and terms; in force once a second person approved them."""

    __tablename__ = "rules"
    __table_args__ = (
        UniqueConstraint("kind", "subject", "version", name="rules_version_once"),
        CheckConstraint("approved_by <> drafted_by", name="rules_second_person"),
    )

    id: UUID = identifier(key=True)
    kind: str = text()
    subject: str = text()
    version: int = count()
    valid_from: datetime = moment()
    body: str = text()
    drafted_by: str = text()
    drafted_at: datetime = moment()
    approved_by: str | None = text(empty=True)
    approved_at: datetime | None = moment(empty=True)
