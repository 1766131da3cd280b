"""The tables of this service, declared so that a migrated database can be held against them.

A `table=True` model validates nothing: the rules are in the domain and in the CHECK constraints. Partitions
of `journals` and `transfers` are made by `open_month` and declared nowhere.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Index, MetaData, Text, UniqueConstraint
from sqlmodel import SQLModel

from services.points.store.columns import column, count, day, identifier, moment, raw, small, text


class PointsTable(SQLModel):
    """The ancestor of this service's tables; their metadata is theirs alone."""

    metadata = MetaData()


class Holders(PointsTable, table=True):
    """Who may spend; the row is the lock, its version the `seq` of what is announced about the holder."""

    __tablename__ = "holders"
    __table_args__ = (CheckConstraint("version >= 0", name="holders_version_not_negative"),)

    id: UUID = identifier(key=True)
    version: int = count()


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
            "role IN ('issued', 'redeemed', 'expired', 'exchange', 'clearing')", name="accounts_role_known"
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
        Index("lots_open", "wallet_id", postgresql_where="is_open"),
        Index("lots_to_expire", "expires_at", postgresql_where="is_open"),
    )

    id: UUID = identifier(key=True)
    wallet_id: UUID = identifier()
    asset: str = text()
    issuer: str = text()
    receipt_number: str = text()
    parent_id: UUID | None = identifier(empty=True)
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


class Receipts(PointsTable, table=True):
    """Receipts by their natural name, with or without points, for ever."""

    __tablename__ = "receipts"
    __table_args__ = (
        UniqueConstraint("id", name="receipts_id_once"),
        CheckConstraint("amount_fen >= 0", name="receipts_amount_not_negative"),
        Index("receipts_month", "month", postgresql_using="brin"),
    )

    name: str = text(key=True)
    id: UUID = identifier()
    unit: str = text()
    store: str = text()
    number: str = text()
    wallet_id: UUID = identifier()
    amount_fen: int = count()
    purchased_at: datetime = moment()
    occurred_at: datetime = moment()
    month: date = day()
    points: int = count()
    answer: str = text()


class Redemptions(PointsTable, table=True):
    """Redemptions by unit and order number, for ever."""

    __tablename__ = "redemptions"
    __table_args__ = (
        UniqueConstraint("id", name="redemptions_id_once"),
        CheckConstraint("paid_fen BETWEEN 1 AND price_fen", name="redemptions_paid_within_price"),
        Index("redemptions_month", "month", postgresql_using="brin"),
    )

    name: str = text(key=True)
    id: UUID = identifier()
    unit: str = text()
    order_no: str = text()
    holder_id: UUID = identifier()
    price_fen: int = count()
    paid_fen: int = count()
    change_points: int = count()
    occurred_at: datetime = moment()
    month: date = day()
    terms: str = text()
    answer: str = text()


class Declines(PointsTable, table=True):
    """Redemptions refused for want of points: counted, nothing moved."""

    __tablename__ = "declines"
    __table_args__ = (Index("declines_month", "month", postgresql_using="brin"),)

    id: UUID = identifier(key=True)
    unit: str = text()
    order_no: str = text()
    code: str = text()
    occurred_at: datetime = moment()
    month: date = day()


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


class Latches(PointsTable, table=True):
    """Rows to lock for nouns that have none of their own: the rulebook, the calendar, a client, a key."""

    __tablename__ = "latches"

    noun: str = text(key=True)
    id: str = text(key=True)
    version: int = count()


class Clients(PointsTable, table=True):
    """Systems whose signatures are believed, as member announced them."""

    __tablename__ = "clients"

    client: str = text(key=True)
    role: str = text()
    unit: str | None = text(empty=True)
    public_key: str = text()
    is_revoked: bool


class SigningKeys(PointsTable, table=True):
    """Keys whose tokens are believed until `not_after`, as member announced them."""

    __tablename__ = "signing_keys"

    kid: str = text(key=True)
    public_key: str = text()
    not_after: datetime = moment()


class Statements(PointsTable, table=True):
    """One unit's month, folded from journals after the seal."""

    __tablename__ = "statements"
    __table_args__ = (UniqueConstraint("month", "unit", name="statements_once_per_unit"),)

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
