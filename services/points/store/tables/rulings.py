"""Rules, the rows that guard them, and whom the service knows: clients and signing keys."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint

from services.points.store.columns import count, identifier, moment, small, text
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


class Tiers(PointsTable, table=True):
    """From when on a member has which tier, as member announced it; of one moment the later word holds."""

    __tablename__ = "tiers"
    __table_args__ = (CheckConstraint("tier BETWEEN 0 AND 9", name="tiers_tier_within_ten"),)

    member: str = text(key=True)
    seq: int = count(key=True)
    tier: int = small()
    since: datetime = moment()


class CampaignAlerts(PointsTable, table=True):
    """Budgets of campaigns (`code:version:bearer`) of which somebody was told that four fifths are used."""

    __tablename__ = "campaign_alerts"

    budget: str = text(key=True)
    used: int = count()
    total: int = count()
    alerted_at: datetime = moment()


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
