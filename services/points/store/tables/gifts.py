"""Gifts from member to member."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index

from services.points.store.columns import count, identifier, moment, text
from services.points.store.columns import day as calendar_day
from services.points.store.tables.declared import PointsTable


class Gifts(PointsTable, table=True):
    """Gifts from member to member: begun, confirmed or not; one to a receiver nobody knew only counts."""

    __tablename__ = "gifts"
    __table_args__ = (
        CheckConstraint("points > 0", name="gifts_points_positive"),
        CheckConstraint("worth_fen >= 0", name="gifts_worth_not_negative"),
        CheckConstraint("giver <> receiver", name="gifts_between_two"),
        CheckConstraint(
            "(given_at IS NULL) = (answer IS NULL) AND (given_at IS NULL) = (given_day IS NULL)"
            " AND (given_at IS NULL) = (month IS NULL)",
            name="gifts_whole_once_given",
        ),
        Index("gifts_day", "giver_wallet_id", "day"),
        Index("gifts_month", "month"),
    )

    id: UUID = identifier(key=True)
    giver: str = text()
    giver_wallet_id: UUID = identifier()
    receiver: str = text()
    asset: str = text()
    points: int = count()
    worth_fen: int = count()
    asked_at: datetime = moment()
    day: date = calendar_day()
    expires_at: datetime = moment()
    is_known: bool
    given_at: datetime | None = moment(empty=True)
    given_day: date | None = calendar_day(empty=True)
    month: date | None = calendar_day(empty=True)
    answer: str | None = text(empty=True)
