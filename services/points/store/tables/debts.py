"""What members owe units."""

from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from services.points.store.columns import count, identifier, text
from services.points.store.tables.declared import PointsTable


class Debts(PointsTable, table=True):
    """What a member owes a unit after a return, in fen, by the wallet that had earned."""

    __tablename__ = "debts"
    __table_args__ = (
        CheckConstraint("fen >= 0", name="debts_fen_not_negative"),
        UniqueConstraint("wallet_id", "issuer", name="debts_once_per_wallet_and_issuer"),
        Index("debts_owed", "wallet_id", postgresql_where="fen > 0"),
    )

    account: int = count(key=True)
    wallet_id: UUID = identifier()
    issuer: str = text()
    fen: int = count()
