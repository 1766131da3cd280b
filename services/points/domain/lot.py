"""A lot: points earned once, remembering who issued them, when they can be spent and when they expire."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.points.domain.amounts import Points
from shared.kernel.swift import swift

SpendingOrder = tuple[datetime, datetime, tuple[int, int, str], int, str]


class Origin(StrEnum):
    """Where the points of a lot come from."""

    RECEIPT = "receipt"
    CHANGE = "change"
    RESTORED = "restored"
    EXCHANGE = "exchange"
    GIFT = "gift"
    GRANT = "grant"
    CHECKIN = "checkin"
    OPENING = "opening"
    CAMPAIGN = "campaign"


@swift
@dataclass(frozen=True, slots=True)
class Lot:
    """Points of one asset in one wallet. `[available_at, expires_at)` is when they can be spent.

    `parent_id` names the lot it was made of (change, exchange, gift, refund); it is spent before that one.
    """

    id: str
    wallet_id: str
    asset: str
    issuer: str
    receipt_number: str
    earned: Points
    points_left: Points
    earned_at: datetime
    available_at: datetime
    expires_at: datetime
    parent_id: str | None = None
    origin: Origin = Origin.RECEIPT

    def usable(self, at: datetime) -> bool:
        """Tell whether points of this lot can be spent at that moment."""
        return self.points_left > 0 and self.available_at <= at < self.expires_at

    def left_with(self, points: int) -> "Lot":
        """Give this lot with that many points left.

        :raises ValueError: if that is below zero or above what was earned.
        """
        if not 0 <= points <= self.earned:
            raise ValueError(f"lot {self.id} cannot have {points} of {self.earned} points left")
        return Lot(
            self.id,
            self.wallet_id,
            self.asset,
            self.issuer,
            self.receipt_number,
            self.earned,
            Points(points),
            self.earned_at,
            self.available_at,
            self.expires_at,
            self.parent_id,
            self.origin,
        )

    @property
    def order(self) -> SpendingOrder:
        """Give its place in spending: soonest to expire, earliest earned, lowest number, change first."""
        return (
            self.expires_at,
            self.earned_at,
            number_order(self.receipt_number),
            1 if self.parent_id is None else 0,
            self.id,
        )


def number_order(number: str) -> tuple[int, int, str]:
    """Order receipt numbers: those of digits by their value first, all others by text."""
    return (0, int(number), "") if number.isascii() and number.isdigit() else (1, 0, number)


def usable_in_order(lots: Iterable[Lot], at: datetime) -> list[Lot]:
    """Give the lots that can be spent at that moment, in the order in which they are spent."""
    return sorted((lot for lot in lots if lot.usable(at)), key=lambda lot: lot.order)
