"""Other ways in and out than receipts and orders: check-ins, grants and deductions by hand, gifts."""

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
        Index("doubts_claims", "wallet_id", "day"),
        Index("doubts_open", "unit", postgresql_where="state = 'open'"),
        Index("doubts_receipt", "receipt_id"),
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
