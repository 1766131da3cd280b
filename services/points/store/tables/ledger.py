"""Accounts, lots, journals and their lines: the ledger itself.

Partitions of `journals` and `transfers` are made by `open_month` and declared nowhere.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Index, Text, UniqueConstraint

from services.points.store.columns import column, count, day, identifier, moment, raw, small, text
from services.points.store.tables.declared import PointsTable


class Holders(PointsTable, table=True):
    """Who may spend; the row is the lock, its version the `seq` of what is announced about the holder.

    `batch_id` is the last batch that changed anything their wallet shows, announced or not.
    """

    __tablename__ = "holders"
    __table_args__ = (CheckConstraint("version >= 0", name="holders_version_not_negative"),)

    id: UUID = identifier(key=True)
    version: int = count()
    batch_id: int = count()


class Wallets(PointsTable, table=True):
    """The lots of one identity, for ever; it points to whoever holds it now, and held it first."""

    __tablename__ = "wallets"
    __table_args__ = (
        UniqueConstraint("identity", name="wallets_identity_once"),
        UniqueConstraint("account", name="wallets_account_once"),
        Index("wallets_holder", "holder_id"),
    )

    id: UUID = identifier(key=True)
    identity: str = text()
    holder_id: UUID = identifier()
    first_holder_id: UUID = identifier()
    account: int = count()


class Accounts(PointsTable, table=True):
    """Accounts of the house by role and unit; they are only added to, so none has a balance."""

    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint("role", "unit", name="accounts_role_once_per_unit"),
        CheckConstraint(
            "role IN ('issued', 'redeemed', 'expired', 'exchange', 'clearing', 'debts', 'fee', 'residual',"
            " 'gift')",
            name="accounts_role_known",
        ),
    )

    id: int = count(key=True)
    role: str = text()
    unit: str = text()


class Lots(PointsTable, table=True):
    """Points earned once; `is_open` flips once, when the last point is gone."""

    __tablename__ = "lots"
    __table_args__ = (
        CheckConstraint("earned > 0", name="lots_earned_positive"),
        CheckConstraint("points_left BETWEEN 0 AND earned", name="lots_points_left_within_earned"),
        CheckConstraint("is_open = (points_left > 0)", name="lots_open_while_points_left"),
        CheckConstraint(
            "origin IN ('receipt', 'change', 'restored', 'exchange', 'gift', 'grant', 'checkin', 'opening')",
            name="lots_origin_known",
        ),
        Index("lots_spending", "wallet_id", "expires_at", "earned_at", postgresql_where="is_open"),
        Index("lots_to_expire", "expires_at", postgresql_where="is_open"),
    )

    id: UUID = identifier(key=True)
    wallet_id: UUID = identifier()
    asset: str = text()
    issuer: str = text()
    receipt_number: str = text()
    parent_id: UUID | None = identifier(empty=True)
    origin: str = text()
    earned: int = count()
    points_left: int = count()
    earned_at: datetime = moment()
    available_at: datetime = moment()
    expires_at: datetime = moment()
    is_open: bool


class Months(PointsTable, table=True):
    """Business months and where they stand; every batch holds the unsealed ones shared until its commit."""

    __tablename__ = "months"
    __table_args__ = (
        CheckConstraint("extract(day FROM month) = 1", name="months_begin_on_the_first"),
        CheckConstraint("state IN ('open', 'draining', 'sealed')", name="months_state_known"),
    )

    month: date = day(key=True)
    state: str = text()
    opened_by: str = text()
    opened_at: datetime = moment()
    closed_by: str | None = text(empty=True)
    closed_at: datetime | None = moment(empty=True)
    sealed_at: datetime | None = moment(empty=True)


class Journals(PointsTable, table=True):
    """Movements of value, one partition a month; what is posted never changes."""

    __tablename__ = "journals"
    __table_args__ = (
        Index("journals_holder", "holder_id", "occurred_at", "id"),
        Index("journals_batch", "batch_id", postgresql_using="brin"),
        Index("journals_release", "subject", postgresql_where="kind = 'release'"),
    )

    month: date = day(key=True)
    id: UUID = identifier(key=True)
    kind: str = text()
    occurred_at: datetime = moment()
    posted_at: datetime = moment()
    concerns_month: date | None = day(empty=True)
    holder_id: UUID = identifier()
    unit: str = text()
    sides: list[str] = column(ARRAY(Text), key=False, empty=False)
    subject: UUID = identifier()
    batch_id: int = count()


class Transfers(PointsTable, table=True):
    """Lines of journals, one partition a month; points are whole, money is in 1/100 fen."""

    __tablename__ = "transfers"
    __table_args__ = (
        CheckConstraint("amount > 0", name="transfers_amount_positive"),
        CheckConstraint("from_account <> to_account", name="transfers_between_two_accounts"),
        Index("transfers_journal", "journal_id"),
    )

    month: date = day(key=True)
    id: int = count(key=True)
    journal_id: UUID = identifier()
    asset: str = text()
    amount: int = count()
    from_account: int = count()
    to_account: int = count()
    lot_id: UUID | None = identifier(empty=True)
    cause_id: int | None = count(empty=True)
    worth_fen: int | None = count(empty=True)


class Batches(PointsTable, table=True):
    """What each transaction of the desk posted, with the digest of its rows."""

    __tablename__ = "batches"

    id: int = count(key=True)
    posted_at: datetime = moment()
    rows: int = small()
    digest: bytes = raw()
