"""Journals: sets of transfers, balanced by construction. What is posted never changes."""

from dataclasses import dataclass
from datetime import date, datetime

from services.points.domain.lot import Lot
from shared.kernel.swift import swift

CNY = "CNY"
GROUP_POINT = "GRUP"


@swift
@dataclass(frozen=True, slots=True)
class Transfer:
    """An amount (> 0) of one asset from one account to another; money in 1/100 fen.

    `lot_id` names the lot that a line from or to a wallet moves. `cause` is the place, in the same journal,
    of the line this one settles or spends on (0-based); `cause_line` is the id of the line of an earlier
    journal that this one reverses. `worth_fen` is what a redeemed line paid at the pinned rate.
    """

    asset: str
    amount: int
    from_account: int
    to_account: int
    lot_id: str | None = None
    cause: int | None = None
    worth_fen: int | None = None
    cause_line: int | None = None


@swift
@dataclass(frozen=True, slots=True)
class Journal:
    """One movement of value: when it happened, in which month it is booked, whose side it touches.

    `concerns` is the sealed month a late item belongs to; `sides` are the units that may read it.
    """

    id: str
    kind: str
    month: date
    occurred_at: datetime
    holder_id: str
    unit: str
    sides: tuple[str, ...]
    subject: str
    transfers: tuple[Transfer, ...]
    concerns: date | None = None


@swift
@dataclass(frozen=True, slots=True)
class Lines:
    """The transfers of one movement, the lots it left changed and the lots it opened."""

    transfers: tuple[Transfer, ...]
    drawn: tuple[Lot, ...]
    opened: tuple[Lot, ...]
