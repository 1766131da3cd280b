"""Whose signatures and tokens are believed, as member announces it."""

from datetime import datetime

from services.points.store.columns import moment, text
from services.points.store.tables.declared import PointsTable


class Clients(PointsTable, table=True):
    """Systems whose signatures are believed, as member announced them."""

    __tablename__ = "clients"

    client: str = text(key=True)
    role: str = text()
    unit: str | None = text(empty=True)
    public_key: str = text()
    is_revoked: bool


class SigningKeys(PointsTable, table=True):
    """Keys whose tokens are believed until `not_after`, as member announced them."""

    __tablename__ = "signing_keys"

    kid: str = text(key=True)
    public_key: str = text()
    not_after: datetime = moment()
