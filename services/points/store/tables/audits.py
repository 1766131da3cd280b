"""Audits that somebody asked for, with what was found."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index

from services.points.store.columns import identifier, moment, small, text
from services.points.store.tables.declared import PointsTable


class Audits(PointsTable, table=True):
    """A question for an audit: whose, how far it is, which moment of the books it saw, what was found.

    `told_at` says since when whoever asked knows that they must ask again, `fetched_at` when they were told.
    """

    __tablename__ = "audits"
    __table_args__ = (
        CheckConstraint("state IN ('asked', 'running', 'done', 'failed')", name="audits_state_known"),
        CheckConstraint("attempts >= 0", name="audits_attempts_not_negative"),
        CheckConstraint("octet_length(report) <= 1048576", name="audits_report_bounded"),
        CheckConstraint(
            "(state IN ('done', 'failed')) = (ended_at IS NOT NULL)", name="audits_ended_once_done_or_failed"
        ),
        CheckConstraint(
            "(state = 'done') = (report IS NOT NULL) AND (state = 'done') = (sees_at IS NOT NULL)",
            name="audits_report_once_done",
        ),
        Index("audits_one_waiting", "asked_by", "unit"),
        Index("audits_open", "asked_at"),
        Index("audits_put_off", "asked_by", "asked_at"),
    )

    id: UUID = identifier(key=True)
    asked_by: str = text()
    unit: str | None = text(empty=True)
    asked_at: datetime = moment()
    state: str = text()
    attempts: int = small()
    told_at: datetime | None = moment(empty=True)
    sees_at: datetime | None = moment(empty=True)
    ended_at: datetime | None = moment(empty=True)
    fetched_at: datetime | None = moment(empty=True)
    report: str | None = text(empty=True)
