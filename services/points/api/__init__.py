"""Door 1: HTTP to command or query; no logic."""

from collections.abc import Callable

from services.points.api import (
    adjustments,
    audit,
    balances,
    batches,
    check_ins,
    doubts,
    exchanges,
    gifts,
    holds,
    journals,
    limits,
    months,
    numbers,
    openings,
    paying,
    rates,
    receipts,
    redemptions,
    refunds,
    returns,
    rules,
    simulations,
    statements,
    vouchers,
    wallet,
)
from services.points.api.front import Front
from shared.web.door import Door

_ROOMS: tuple[Callable[[Door, Front], None], ...] = (
    wallet.declare,
    journals.declare,
    # Before receipts: `/receipts/claims` is no receipt's id.
    doubts.declare,
    receipts.declare,
    redemptions.declare,
    refunds.declare,
    returns.declare,
    paying.declare,
    holds.declare,
    exchanges.declare,
    batches.declare,
    check_ins.declare,
    gifts.declare,
    vouchers.declare,
    adjustments.declare,
    openings.declare,
    numbers.declare,
    balances.declare,
    rules.declare,
    simulations.declare,
    rates.declare,
    limits.declare,
    months.declare,
    statements.declare,
    audit.declare,
)


def points_door(front: Front) -> Door:
    """Build the door of the points service: every route under `/points/v1`."""
    door = Door("/points/v1", "points")
    for declare in _ROOMS:
        declare(door, front)
    return door
