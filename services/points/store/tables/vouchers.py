"""Vouchers of outside partners, their coupons' codes, sealed and apart, whose each is; what voids them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index

from services.points.store.columns import count, identifier, moment, raw, text
from services.points.store.columns import day as calendar_day
from services.points.store.tables.declared import PointsTable


class Vouchers(PointsTable, table=True):
    """Vouchers as members asked for them; the hold that pays one has its id. Issued or refused for ever."""

    __tablename__ = "vouchers"
    __table_args__ = (
        CheckConstraint("price_fen > 0", name="vouchers_price_positive"),
        CheckConstraint("state IN ('asked', 'issued', 'refused')", name="vouchers_state_known"),
        CheckConstraint(
            "(state = 'asked') = (settled_at IS NULL) AND (state = 'asked') = (settled_month IS NULL)"
            " AND (state = 'issued') = (redemption_id IS NOT NULL)"
            " AND (state = 'issued') = (valid_until IS NOT NULL)"
            " AND (state = 'refused') = (reason IS NOT NULL)",
            name="vouchers_whole_once_settled",
        ),
        Index("vouchers_day", "wallet_id", "day"),
        Index("vouchers_month", "month"),
        Index("vouchers_settled_month", "settled_month"),
        Index("vouchers_waiting", "asked_at", postgresql_where="state = 'asked'"),
        Index("vouchers_listed_by_state", "state", "id"),
        Index("vouchers_of_unit", "unit", "id"),
        Index("vouchers_of_unit_by_state", "unit", "state", "id"),
    )

    id: UUID = identifier(key=True)
    member: str = text()
    wallet_id: UUID = identifier()
    offer: str = text()
    offer_version: int = count()
    partner: str = text()
    unit: str = text()
    price_fen: int = count()
    asked_at: datetime = moment()
    ask_until: datetime = moment()
    day: date = calendar_day()
    month: date = calendar_day()
    state: str = text()
    settled_at: datetime | None = moment(empty=True)
    settled_month: date | None = calendar_day(empty=True)
    redemption_id: UUID | None = identifier(empty=True)
    valid_until: datetime | None = moment(empty=True)
    reason: str | None = text(empty=True)
    given_back_fen: int = count()


class VoucherCodes(PointsTable, table=True):
    """The code of each coupon that was issued, sealed under the service's secret."""

    __tablename__ = "voucher_codes"

    voucher_id: UUID = identifier(key=True)
    wallet_id: UUID = identifier()
    sealed: bytes = raw()


class Coupons(PointsTable, table=True):
    """Every coupon that was issued, by the digest of its code: it is for one voucher, for ever."""

    __tablename__ = "coupons"

    digest: str = text(key=True)
    voucher_id: UUID = identifier()


class Voidings(PointsTable, table=True):
    """Requests to void the coupon of a voucher, and the partner's word; of a voucher one stands for ever."""

    __tablename__ = "voidings"
    __table_args__ = (
        CheckConstraint("state IN ('asked', 'voided', 'used', 'unknown')", name="voidings_state_known"),
        CheckConstraint(
            "(state = 'asked') = (settled_at IS NULL) AND (state = 'asked') = (settled_month IS NULL)"
            " AND (state = 'voided') = (refund_id IS NOT NULL)",
            name="voidings_whole_once_settled",
        ),
        Index("voidings_one_stands", "voucher_id", unique=True, postgresql_where="state <> 'unknown'"),
        Index("voidings_of_voucher", "voucher_id", "id"),
        Index("voidings_month", "month"),
        Index("voidings_settled_month", "settled_month"),
        Index("voidings_listed_by_state", "state", "id"),
        Index("voidings_of_unit", "unit", "id"),
        Index("voidings_of_unit_by_state", "unit", "state", "id"),
    )

    id: UUID = identifier(key=True)
    voucher_id: UUID = identifier()
    wallet_id: UUID = identifier()
    unit: str = text()
    asked_by: str = text()
    reason: str = text()
    asked_at: datetime = moment()
    month: date = calendar_day()
    state: str = text()
    settled_at: datetime | None = moment(empty=True)
    settled_month: date | None = calendar_day(empty=True)
    refund_id: UUID | None = identifier(empty=True)
