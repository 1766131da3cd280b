"""The tables of this service, declared so that a migrated database can be held against them.

A `table=True` model validates nothing: the rules are in the domain and in the CHECK constraints.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlmodel import Field, SQLModel

MOMENT = TIMESTAMP(timezone=True)
ROLES_OF_STAFF = "role IN ('operator', 'finance')"


class MemberTable(SQLModel):
    """The ancestor of this service's tables; their metadata is theirs alone."""

    metadata = MetaData()


class Members(MemberTable, table=True):
    """A person; `version` counts what was announced about them."""

    __tablename__ = "members"
    __table_args__ = (CheckConstraint("version > 0", name="members_version_positive"),)

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    registered_at: datetime = Field(sa_column=Column(MOMENT, nullable=False))
    registered_by: str = Field(sa_column=Column(Text, nullable=False))


class Identities(MemberTable, table=True):
    """A verified name of a member, once in the world within its kind and scope."""

    __tablename__ = "identities"
    __table_args__ = (
        CheckConstraint("kind IN ('phone', 'unit-number')", name="identities_kind_known"),
        CheckConstraint("scope ~ '^[a-z][a-z0-9-]*$'", name="identities_scope_one_word"),
        CheckConstraint("length(value) BETWEEN 1 AND 64", name="identities_value_bounded"),
        Index("identities_member", "member"),
    )

    name: str = Field(
        sa_column=Column(
            Text, Computed("kind || ' ' || scope || ' ' || value", persisted=True), primary_key=True
        )
    )
    kind: str = Field(sa_column=Column(Text, nullable=False))
    scope: str = Field(sa_column=Column(Text, nullable=False))
    value: str = Field(sa_column=Column(Text, nullable=False))
    member: UUID = Field(sa_column=Column(Uuid, nullable=False))
    linked_at: datetime = Field(sa_column=Column(MOMENT, nullable=False))
    range_known: bool


class StatedPhones(MemberTable, table=True):
    """A phone that somebody stated for a member; it links nothing."""

    __tablename__ = "stated_phones"
    __table_args__ = (Index("stated_phones_member", "member"),)

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    member: UUID = Field(sa_column=Column(Uuid, nullable=False))
    phone: str = Field(sa_column=Column(Text, nullable=False))
    range_known: bool
    stated_by: str = Field(sa_column=Column(Text, nullable=False))
    stated_at: datetime = Field(sa_column=Column(MOMENT, nullable=False))


class Challenges(MemberTable, table=True):
    """The last one-time code of a phone, as a digest."""

    __tablename__ = "challenges"
    __table_args__ = (
        CheckConstraint("guesses BETWEEN 0 AND 6", name="challenges_guesses_at_most_six"),
        CheckConstraint("codes_in_day BETWEEN 0 AND 10", name="challenges_codes_in_day_at_most_ten"),
        Index("challenges_sent_at", "sent_at"),
    )

    phone: str = Field(sa_column=Column(Text, primary_key=True))
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    sent_at: datetime = Field(sa_column=Column(MOMENT, nullable=False))
    guesses: int = Field(sa_column=Column(Integer, nullable=False))
    used: bool
    day_began_at: datetime = Field(sa_column=Column(MOMENT, nullable=False))
    codes_in_day: int = Field(sa_column=Column(Integer, nullable=False))


class Confirmations(MemberTable, table=True):
    """The last code with which a member was to confirm something, as a digest."""

    __tablename__ = "confirmations"
    __table_args__ = (
        CheckConstraint("guesses BETWEEN 0 AND 6", name="confirmations_guesses_at_most_six"),
        CheckConstraint("codes_in_day BETWEEN 0 AND 10", name="confirmations_codes_in_day_at_most_ten"),
        Index("confirmations_sent_at", "sent_at"),
    )

    member: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    purpose: str = Field(sa_column=Column(Text, nullable=False))
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    sent_at: datetime = Field(sa_column=Column(MOMENT, nullable=False))
    guesses: int = Field(sa_column=Column(Integer, nullable=False))
    used: bool
    day_began_at: datetime = Field(sa_column=Column(MOMENT, nullable=False))
    codes_in_day: int = Field(sa_column=Column(Integer, nullable=False))


class Sessions(MemberTable, table=True):
    """One sign-in; its tokens are minted from id and generation and kept nowhere."""

    __tablename__ = "sessions"
    __table_args__ = (
        CheckConstraint("generation > 0", name="sessions_generation_positive"),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="sessions_ended_by_somebody"),
        Index("sessions_member", "member"),
    )

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    member: UUID = Field(sa_column=Column(Uuid, nullable=False))
    generation: int = Field(sa_column=Column(Integer, nullable=False))
    opened_at: datetime = Field(sa_column=Column(MOMENT, nullable=False))
    rotated_at: datetime = Field(sa_column=Column(MOMENT, nullable=False))
    ended_at: datetime | None = Field(sa_column=Column(MOMENT))
    ended_by: str | None = Field(sa_column=Column(Text))


class StaffList(MemberTable, table=True):
    """Who works for the group and its units."""

    __tablename__ = "staff"
    __table_args__ = (
        CheckConstraint(ROLES_OF_STAFF, name="staff_role_known"),
        CheckConstraint("(role = 'finance') = (unit IS NOT NULL)", name="staff_unit_of_finance_alone"),
    )

    subject: str = Field(sa_column=Column(Text, primary_key=True))
    role: str = Field(sa_column=Column(Text, nullable=False))
    unit: str | None = Field(sa_column=Column(Text))
    active: bool
    edited_at: datetime = Field(sa_column=Column(MOMENT, nullable=False))


class Clients(MemberTable, table=True):
    """Systems that sign their requests."""

    __tablename__ = "clients"
    __table_args__ = (
        CheckConstraint("role IN ('unit-system', 'importer')", name="clients_role_signs"),
        CheckConstraint("(role = 'unit-system') = (unit IS NOT NULL)", name="clients_unit_of_systems_alone"),
        CheckConstraint("version > 0", name="clients_version_positive"),
    )

    id: str = Field(sa_column=Column(Text, primary_key=True))
    role: str = Field(sa_column=Column(Text, nullable=False))
    unit: str | None = Field(sa_column=Column(Text))
    public_key: str = Field(sa_column=Column(Text, nullable=False))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    registered_at: datetime = Field(sa_column=Column(MOMENT, nullable=False))
    revoked_at: datetime | None = Field(sa_column=Column(MOMENT))


class SigningKeys(MemberTable, table=True):
    """Keys under which access tokens are signed; the private part is sealed, and the desk's alone."""

    __tablename__ = "signing_keys"
    __table_args__ = (
        CheckConstraint("signs_from <= signs_until", name="signing_keys_signs_until_not_before"),
        CheckConstraint("version > 0", name="signing_keys_version_positive"),
    )

    kid: str = Field(sa_column=Column(Text, primary_key=True))
    public_key: str = Field(sa_column=Column(Text, nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    signs_from: datetime = Field(sa_column=Column(MOMENT, nullable=False))
    signs_until: datetime = Field(sa_column=Column(MOMENT, nullable=False))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))


class PersonalReads(MemberTable, table=True):
    """Who of the staff looked at whose personal data, and why; only ever added to."""

    __tablename__ = "personal_reads"
    __table_args__ = (
        CheckConstraint("length(reason) BETWEEN 4 AND 200", name="personal_reads_reason_said"),
        Index("personal_reads_member", "member", "read_at"),
    )

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    reader: str = Field(sa_column=Column(Text, nullable=False))
    member: UUID = Field(sa_column=Column(Uuid, nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    read_at: datetime = Field(sa_column=Column(MOMENT, nullable=False))


class Messages(MemberTable, table=True):
    """What the embedded carrier was given; empty wherever a real one is set."""

    __tablename__ = "messages"
    __table_args__ = (Index("messages_sent_at", "sent_at"),)

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    phone: str = Field(sa_column=Column(Text, nullable=False))
    text: str = Field(sa_column=Column(Text, nullable=False))
    sent_at: datetime = Field(sa_column=Column(MOMENT, nullable=False))
