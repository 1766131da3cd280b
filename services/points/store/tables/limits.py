"""Limits: budgets of windows, what of them was granted to desks in slices, and every draw."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index

from services.points.store.columns import count, identifier, moment, small, text
from services.points.store.tables.declared import PointsTable


class Budgets(PointsTable, table=True):
    """How much may pass in a window of a limit, and how much of it lies in slices or is used."""

    __tablename__ = "budgets"
    __table_args__ = (CheckConstraint("granted BETWEEN 0 AND total", name="budgets_granted_within_total"),)

    name: str = text(key=True)
    window: str = text(key=True)
    total: int = count()
    granted: int = count()
    alerted_at: datetime | None = moment(empty=True)


class Limits(PointsTable, table=True):
    """Slices of a window: a desk draws from one of its own, so that none waits for the others."""

    __tablename__ = "limits"
    __table_args__ = (
        CheckConstraint("slice BETWEEN 0 AND 15", name="limits_slice_known"),
        CheckConstraint("used BETWEEN 0 AND granted", name="limits_used_within_granted"),
    )

    name: str = text(key=True)
    window: str = text(key=True)
    slice: int = small(key=True)
    granted: int = count()
    used: int = count()


class Draws(PointsTable, table=True):
    """What was drawn from a window for what; only added to, so that counters can be recomputed."""

    __tablename__ = "draws"
    __table_args__ = (
        CheckConstraint("amount > 0", name="draws_amount_positive"),
        Index("draws_window", "name", "window"),
    )

    subject: UUID = identifier(key=True)
    name: str = text(key=True)
    window: str = text(key=True)
    amount: int = count()
    drawn_at: datetime = moment()
