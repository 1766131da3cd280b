"""Of which pairs of units somebody was told."""

from datetime import date, datetime

from services.points.store.columns import count, day, moment, text
from services.points.store.tables.declared import PointsTable


class PairAlerts(PointsTable, table=True):
    """Pairs of units (`month:issuer:redeemer`) that came to more in a month than their limit."""

    __tablename__ = "pair_alerts"

    name: str = text(key=True)
    month: date = day()
    issuer: str = text()
    redeemer: str = text()
    amount_fen: int = count()
    most_fen: int = count()
    alerted_at: datetime = moment()
