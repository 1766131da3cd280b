"""Pay codes by their digest, and clients that guess at them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index

from services.points.store.columns import count, moment, text
from services.points.store.tables.declared import PointsTable


class PayCodes(PointsTable, table=True):
    """Codes of members, as digests: good for a minute, once; swept a day later."""

    __tablename__ = "pay_codes"
    __table_args__ = (
        CheckConstraint(
            "(used_at IS NULL) = (used_by IS NULL) AND (used_at IS NULL) = (used_for IS NULL)",
            name="pay_codes_used_by_somebody",
        ),
        Index("pay_codes_identity", "identity", "expires_at"),
        Index("pay_codes_expires_at", "expires_at", postgresql_using="brin"),
    )

    digest: str = text(key=True)
    identity: str = text()
    issued_at: datetime = moment()
    expires_at: datetime = moment()
    used_at: datetime | None = moment(empty=True)
    used_by: str | None = text(empty=True)
    used_for: str | None = text(empty=True)


class Guessers(PointsTable, table=True):
    """Clients that presented codes which were none: how many, and until when they present no more."""

    __tablename__ = "guessers"
    __table_args__ = (CheckConstraint("wrong > 0", name="guessers_wrong_positive"),)

    client: str = text(key=True)
    wrong: int = count()
    last_at: datetime = moment()
    locked_until: datetime | None = moment(empty=True)
