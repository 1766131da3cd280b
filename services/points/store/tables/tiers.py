"""Tiers of members, as member announces them."""

from datetime import datetime

from sqlalchemy import CheckConstraint

from services.points.store.columns import count, moment, small, text
from services.points.store.tables.declared import PointsTable


class Tiers(PointsTable, table=True):
    """From when on a member has which tier, as member announced it; of one moment the later word holds."""

    __tablename__ = "tiers"
    __table_args__ = (CheckConstraint("tier BETWEEN 0 AND 9", name="tiers_tier_within_ten"),)

    member: str = text(key=True)
    seq: int = count(key=True)
    tier: int = small()
    since: datetime = moment()
