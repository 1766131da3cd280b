"""Exchange by wish: quotes, and the exchanges that carried them out."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from services.points.store.columns import count, identifier, moment, text
from services.points.store.columns import day as business_day
from services.points.store.tables.declared import PointsTable


class Quotes(PointsTable, table=True):
    """What was offered to an identity, at which rates and fee, and until when."""

    __tablename__ = "quotes"
    __table_args__ = (
        CheckConstraint("points > 0 AND given > 0", name="quotes_given_positive"),
        CheckConstraint(
            "fee_fen >= 0 AND residual_fen >= 0 AND value_fen >= fee_fen + residual_fen",
            name="quotes_value_covers_fee_and_residual",
        ),
        Index("quotes_expires_at", "expires_at", postgresql_using="brin"),
    )

    id: UUID = identifier(key=True)
    identity: str = text()
    rules_known: int = count()
    expires_at: datetime = moment()
    from_asset: str = text()
    to_asset: str = text()
    points: int = count()
    given: int = count()
    value_fen: int = count()
    fee_fen: int = count()
    residual_fen: int = count()
    in_numerator: int = count()
    in_denominator: int = count()
    out_numerator: int = count()
    out_denominator: int = count()
    pair_numerator: int | None = count(empty=True)
    pair_denominator: int | None = count(empty=True)
    fee_bp: int = count()
    quoted_at: datetime = moment()


class Exchanges(PointsTable, table=True):
    """What was exchanged, with the rates of its quote, for ever; a quote is carried out once."""

    __tablename__ = "exchanges"
    __table_args__ = (
        UniqueConstraint("quote_id", name="exchanges_quote_used_once"),
        CheckConstraint("points > 0 AND given > 0", name="exchanges_given_positive"),
        CheckConstraint(
            "fee_fen >= 0 AND residual_fen >= 0 AND value_fen >= fee_fen + residual_fen",
            name="exchanges_value_covers_fee_and_residual",
        ),
        Index("exchanges_holder_day", "holder_id", "day"),
        Index("exchanges_month", "month", postgresql_using="brin"),
    )

    id: UUID = identifier(key=True)
    quote_id: UUID = identifier()
    holder_id: UUID = identifier()
    day: date = business_day()
    occurred_at: datetime = moment()
    month: date = business_day()
    answer: str = text()
    from_asset: str = text()
    to_asset: str = text()
    points: int = count()
    given: int = count()
    value_fen: int = count()
    fee_fen: int = count()
    residual_fen: int = count()
    in_numerator: int = count()
    in_denominator: int = count()
    out_numerator: int = count()
    out_denominator: int = count()
    pair_numerator: int | None = count(empty=True)
    pair_denominator: int | None = count(empty=True)
    fee_bp: int = count()
    quoted_at: datetime = moment()
