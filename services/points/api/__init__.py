"""Door 1: HTTP to command or query; no logic."""

from collections.abc import Callable, Mapping
from typing import Any

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
    voidings,
    vouchers,
    wallet,
)
from services.points.api.front import Front
from shared.runtime.reading_room import ReadingRoom
from shared.web.confirmations import ConfirmationReader
from shared.web.door import Door

_ROOMS: tuple[Callable[[Door, Front], None], ...] = (
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
)


def points_door(
    front: Front,
    *,
    wallets: ReadingRoom[str, Mapping[str, Any]],
    proofs: ConfirmationReader,
    partners: frozenset[str],
    audits: audit.AskedAudits,
) -> Door:
    """Build the door of the points service: every route under `/points/v1`.

    :param wallets: where members' wallets are read.
    :param proofs: knows a proof that a member confirmed a gift.
    :param partners: the outside partners that can be asked to issue a coupon, and to void it.
    :param audits: where audits are asked for.
    """
    door = Door("/points/v1", "points")
    for declare in _ROOMS:
        declare(door, front)
    wallet.declare(door, wallets)
    gifts.declare(door, front, proofs)
    vouchers.declare(door, front, partners)
    voidings.declare(door, front, partners)
    audit.declare(door, audits)
    return door
