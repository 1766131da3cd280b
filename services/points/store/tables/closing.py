"""Months that were closed: statements, summaries, snapshots, and the markers of feeding services."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from services.points.store.columns import count, day, identifier, moment, raw, small, text
from services.points.store.tables.declared import PointsTable


class Statements(PointsTable, table=True):
    """One unit's month, folded from journals after the seal."""

    __tablename__ = "statements"
    __table_args__ = (
        UniqueConstraint("month", "unit", name="statements_once_per_unit"),
        Index("statements_of_unit", "unit", "month"),
    )

    id: UUID = identifier(key=True)
    month: date = day()
    unit: str = text()
    net_fen: int = count()
    figures: str = text()
    issued_at: datetime = moment()


class Summaries(PointsTable, table=True):
    """The month of the whole group."""

    __tablename__ = "summaries"

    month: date = day(key=True)
    figures: str = text()
    issued_at: datetime = moment()


class Closings(PointsTable, table=True):
    """What the closing snapshot of a month holds, with its digest; the next audit begins here."""

    __tablename__ = "closings"
    __table_args__ = (CheckConstraint("previous < month", name="closings_follow_one_another"),)

    month: date = day(key=True)
    previous: date | None = day(empty=True)
    lots: int = count()
    accounts: int = count()
    rounding_cny: int = count()
    digest: bytes = raw()
    closed_at: datetime = moment()


class ClosingLots(PointsTable, table=True):
    """What was left of each open lot when a month was sealed."""

    __tablename__ = "closing_lots"

    month: date = day(key=True)
    lot_id: UUID = identifier(key=True)
    points_left: int = count()


class ClosingAccounts(PointsTable, table=True):
    """What each account held of each asset when a month was sealed."""

    __tablename__ = "closing_accounts"

    month: date = day(key=True)
    account: int = count(key=True)
    asset: str = text(key=True)
    balance: int = count()


class Feeders(PointsTable, table=True):
    """Services whose events belong into a month before it may be sealed."""

    __tablename__ = "feeders"
    __table_args__ = (CheckConstraint("partitions > 0", name="feeders_partitions_positive"),)

    service: str = text(key=True)
    partitions: int = small()


class Markers(PointsTable, table=True):
    """A feeder's word, per partition, that it has nothing more for a month."""

    __tablename__ = "markers"

    service: str = text(key=True)
    month: date = day(key=True)
    partition: int = small(key=True)
    heard_at: datetime = moment()
