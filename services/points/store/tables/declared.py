"""The ancestor of every table of this service. A `table=True` model validates nothing: the rules are in the
domain and in the CHECK constraints.
"""

from sqlalchemy import MetaData
from sqlmodel import SQLModel


class PointsTable(SQLModel):
    """The ancestor of this service's tables; their metadata is theirs alone."""

    metadata = MetaData()
