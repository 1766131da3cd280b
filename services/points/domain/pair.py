"""Pairs of units: when one comes to owe another so much in a month that somebody is told.

An exchange stops at this limit (a listed group's for transactions between its companies). A member at the
till is not refused for it: redemptions only have it told. Refuses to stop anything.
"""

from dataclasses import dataclass
from datetime import date, datetime

from shared.kernel.swift import swift

PAIR_ALERT = "pair-alert"


@swift
@dataclass(frozen=True, slots=True)
class Pair:
    """A unit whose points others took in a business month, and one that took them."""

    month: date
    issuer: str
    redeemer: str

    @property
    def name(self) -> str:
        """The pair's name in events, as in `2026-11:mall-east:hotel`."""
        return f"{self.month:%Y-%m}:{self.issuer}:{self.redeemer}"


@swift
@dataclass(frozen=True, slots=True)
class PairAlerted:
    """Somebody was told that a pair has come to so many fen, of so many that are its limit."""

    pair: Pair
    fen: int
    most_fen: int
    at: datetime


def is_over(fen: int, most_fen: int) -> bool:
    """Tell whether so much is more than the limit."""
    return fen > most_fen
