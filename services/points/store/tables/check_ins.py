"""Check-ins of members."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from services.points.store.columns import count, identifier, moment, text
from services.points.store.columns import day as calendar_day
from services.points.store.tables.declared import PointsTable


class CheckIns(PointsTable, table=True):
    """Check-ins by wallet and business day, for ever, with the day of the streak."""

    __tablename__ = "check_ins"
    __table_args__ = (
        UniqueConstraint("id", name="check_ins_id_once"),
        CheckConstraint("streak > 0", name="check_ins_streak_positive"),
        CheckConstraint("points > 0", name="check_ins_points_positive"),
        Index("check_ins_month", "month", postgresql_using="brin"),
    )

    wallet_id: UUID = identifier(key=True)
    day: date = calendar_day(key=True)
    id: UUID = identifier()
    streak: int = count()
    points: int = count()
    occurred_at: datetime = moment()
    month: date = calendar_day()
    answer: str = text()
