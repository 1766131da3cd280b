"""The tables of this service, declared so that a migrated database can be held against them."""

from services.points.store.tables import (
    adjustments,
    check_ins,
    closing,
    doubts,
    exchanges,
    gifts,
    ledger,
    limits,
    openings,
    orders,
    paying,
    rulings,
    vouchers,
)
from services.points.store.tables.declared import PointsTable

__all__ = [
    "PointsTable",
    "adjustments",
    "check_ins",
    "closing",
    "doubts",
    "exchanges",
    "gifts",
    "ledger",
    "limits",
    "openings",
    "orders",
    "paying",
    "rulings",
    "vouchers",
]
