"""Accounts by role. Those of units are only added to: balances are folds, never a row everyone updates.

Accounts of members have no row: wallets are numbered from 10,000, what is on hold is the wallet's number with
a minus, debts are numbered from 10^15 (`member_role` in SQL says the same).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class AccountRole(StrEnum):
    """What an account stands for."""

    WALLET = "wallet"
    ISSUED = "issued"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    EXCHANGE = "exchange"
    CLEARING = "clearing"
    DEBTS = "debts"
    FEE = "fee"
    RESIDUAL = "residual"
    GIFT = "gift"
    HELD = "held"
    DEBT = "debt"


GROUP = "group"

UNIT_ROLES = (
    AccountRole.ISSUED,
    AccountRole.REDEEMED,
    AccountRole.EXPIRED,
    AccountRole.CLEARING,
    AccountRole.DEBTS,
)
"""The accounts that every unit has from its approval on."""

IN_HAND = frozenset({AccountRole.WALLET, AccountRole.HELD})
"""Where points are still the member's: to be spent, or on hold."""


def held_account(wallet_account: int) -> int:
    """Give the account in which a wallet's points lie while they are on hold."""
    return -wallet_account


@dataclass(frozen=True, slots=True)
class Accounts:
    """Numbers of the house's accounts by (role, unit)."""

    numbers: Mapping[tuple[str, str], int]

    def of(self, role: AccountRole, unit: str) -> int:
        """Give the account's number.

        :raises KeyError: if the unit's accounts were never opened (a defect: approval of a unit opens them).
        """
        return self.numbers[role, unit]
