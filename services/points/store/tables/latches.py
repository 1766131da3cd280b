"""Rows to lock for nouns that have none of their own."""

from services.points.store.columns import count, text
from services.points.store.tables.declared import PointsTable


class Latches(PointsTable, table=True):
    """Rows to lock for nouns that have none of their own: the rulebook, the calendar, a client, a key."""

    __tablename__ = "latches"

    noun: str = text(key=True)
    id: str = text(key=True)
    version: int = count()
