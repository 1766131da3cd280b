"""Debt: what a member owes an issuer for points that were spent before their purchase came back, in fen.

A debt grows by a return and shrinks by what the holder earns next: the new lot pays first, as a redemption at
the unit that is owed. It bears no interest and never makes a wallet negative. It is kept in fen, not in
points: whichever points repay it are worth what they are worth then (docs/decisions).
"""

from dataclasses import dataclass, replace

from services.points.domain.account import AccountRole, Accounts
from services.points.domain.amounts import CNY_PER_FEN, Fen
from services.points.domain.journal import CNY, Transfer


@dataclass(frozen=True, slots=True)
class Debt:
    """What one wallet owes one issuer; its account is numbered from 10^15."""

    account: int
    wallet_id: str
    issuer: str
    fen: Fen

    def grown(self, fen: int) -> "Debt":
        """Give the debt with that much more owed."""
        return replace(self, fen=Fen(self.fen + fen))

    def repaid(self, fen: int) -> "Debt":
        """Give the debt with that much less owed.

        :raises ValueError: if that is more than is owed.
        """
        if not 0 <= fen <= self.fen:
            raise ValueError(f"{fen} of {self.fen} fen cannot be repaid")
        return replace(self, fen=Fen(self.fen - fen))


@dataclass(frozen=True, slots=True)
class DebtTurned:
    """A wallet owes an issuer more than before, or less."""

    debt: Debt


def borrowed(debt: Debt, fen: int, accounts: Accounts) -> Transfer:
    """Write the line by which a member comes to owe an issuer that much."""
    return Transfer(CNY, fen * CNY_PER_FEN, debt.account, accounts.of(AccountRole.DEBTS, debt.issuer))
