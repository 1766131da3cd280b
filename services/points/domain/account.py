"""Accounts by role. Those of units are only added to: balances are folds, never a row everyone updates."""

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


GROUP = "group"


@dataclass(frozen=True, slots=True)
class Accounts:
    """Numbers of the house's accounts by (role, unit)."""

    numbers: Mapping[tuple[str, str], int]

    def of(self, role: AccountRole, unit: str) -> int:
        """Give the account's number.

        :raises KeyError: if the unit's accounts were never opened (a defect: approval of a unit opens them).
        """
        return self.numbers[role, unit]
