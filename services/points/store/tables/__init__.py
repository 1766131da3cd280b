"""The tables of this service, declared so that a migrated database can be held against them."""

from services.points.store.tables import (
    closing,
    exchanges,
    ledger,
    limits,
    orders,
    paying,
    rulings,
    vouchers,
    ways,
)
from services.points.store.tables.declared import PointsTable

__all__ = [
    "PointsTable",
    "closing",
    "exchanges",
    "ledger",
    "limits",
    "orders",
    "paying",
    "rulings",
    "vouchers",
    "ways",
]
