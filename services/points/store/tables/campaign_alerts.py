"""Which budgets of campaigns somebody was told of."""

from datetime import datetime

from services.points.store.columns import count, moment, text
from services.points.store.tables.declared import PointsTable


class CampaignAlerts(PointsTable, table=True):
    """Budgets of campaigns (`code:version:bearer`) of which somebody was told that four fifths are used."""

    __tablename__ = "campaign_alerts"

    budget: str = text(key=True)
    used: int = count()
    total: int = count()
    alerted_at: datetime = moment()
