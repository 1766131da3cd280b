"""Words about receipts that wait for a person."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from services.points.store.columns import count, identifier, moment, text
from services.points.store.columns import day as calendar_day
from services.points.store.tables.declared import PointsTable


class Doubts(PointsTable, table=True):
    """Words about receipts that wait, or were settled or decided: photographed ones, and contradictions."""

    __tablename__ = "doubts"
    __table_args__ = (
        UniqueConstraint("name", "wallet_id", "amount_fen", name="doubts_once_per_word"),
        CheckConstraint("amount_fen >= 0", name="doubts_amount_not_negative"),
        CheckConstraint("source IN ('till', 'payment', 'photo')", name="doubts_source_known"),
        CheckConstraint("state IN ('open', 'settled', 'accepted', 'rejected')", name="doubts_state_known"),
        CheckConstraint(
            "(state = 'open') = (decided_by IS NULL) AND (state = 'open') = (decided_at IS NULL)",
            name="doubts_decided_by_somebody",
        ),
        CheckConstraint(
            "(state IN ('settled', 'accepted')) = (receipt_id IS NOT NULL)",
            name="doubts_receipt_once_settled_or_accepted",
        ),
        CheckConstraint("state <> 'accepted' OR decided_by <> told_by", name="doubts_second_person"),
        CheckConstraint(
            "(first_accepted_by IS NULL) = (first_accepted_at IS NULL)"
            " AND (first_accepted_by IS NULL) = (first_reason IS NULL)"
            " AND (first_beside IS NULL OR first_accepted_by IS NOT NULL)",
            name="doubts_first_yes_whole",
        ),
        CheckConstraint(
            "first_accepted_by <> told_by AND (state <> 'accepted' OR first_accepted_by <> decided_by)",
            name="doubts_two_accept",
        ),
        Index("doubts_claims", "wallet_id", "day"),
        Index("doubts_open", "unit", postgresql_where="state = 'open'"),
        Index("doubts_receipt", "receipt_id"),
        Index("doubts_listed_by_state", "state", "id"),
        Index("doubts_accepted", "name", postgresql_where="state = 'accepted'"),
        Index("doubts_of_unit", "unit", "id"),
        Index("doubts_of_unit_by_state", "unit", "state", "id"),
    )

    id: UUID = identifier(key=True)
    name: str = text()
    unit: str = text()
    store: str = text()
    number: str = text()
    identity: str = text()
    wallet_id: UUID = identifier()
    amount_fen: int = count()
    purchased_at: datetime = moment()
    source: str = text()
    told_by: str = text()
    told_at: datetime = moment()
    day: date = calendar_day()
    state: str = text()
    decided_by: str | None = text(empty=True)
    decided_at: datetime | None = moment(empty=True)
    reason: str | None = text(empty=True)
    receipt_id: UUID | None = identifier(empty=True)
    first_accepted_by: str | None = text(empty=True)
    first_accepted_at: datetime | None = moment(empty=True)
    first_reason: str | None = text(empty=True)
    first_beside: str | None = text(empty=True)
