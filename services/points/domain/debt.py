"""Debt: what a member owes an issuer for points that were spent before their purchase came back, in fen.

A debt grows by a return and shrinks by what the holder earns next: the new lot pays first, as a redemption at
the unit that is owed. It bears no interest and never makes a wallet negative. It is kept in fen, not in
points: whichever points repay it are worth what they are worth then (docs/decisions).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from services.points.domain.account import AccountRole, Accounts
from services.points.domain.amounts import CNY_PER_FEN, Fen, Rate
from services.points.domain.journal import CNY, Transfer
from services.points.domain.lot import Lot
from services.points.domain.redemption import lines
from services.points.domain.spending import Slice, slices, worth


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


@dataclass(frozen=True, slots=True)
class Repayment:
    """What new points repay of one debt: the slices they pay in, and the lines of its journal."""

    debt: Debt
    fen: Fen
    taken: tuple[Slice, ...]
    transfers: tuple[Transfer, ...]


def borrowed(debt: Debt, fen: int, accounts: Accounts) -> Transfer:
    """Write the line by which a member comes to owe an issuer that much."""
    return Transfer(CNY, fen * CNY_PER_FEN, debt.account, accounts.of(AccountRole.DEBTS, debt.issuer))


def repayments(
    lots: Sequence[Lot],
    debts: Sequence[Debt],
    rates: Mapping[str, Rate],
    accounts: Accounts,
    wallet_account: int,
    names: Iterator[str],
) -> tuple[tuple[Repayment, ...], tuple[Lot, ...]]:
    """Let new lots of a wallet, pending or not, repay the debts in the given order.

    Points without a rate repay nothing. Give the repayments and the lots they leave: the new ones in their
    order, then the change that was opened.

    :param names: ids for lots of change, as many as are asked for.
    """
    held = {lot.id: lot for lot in lots}
    accounts_of = {lot.wallet_id: wallet_account for lot in lots}
    found: list[Repayment] = []
    for debt in debts:
        valued = (one for one in held.values() if one.asset in rates)
        sources = sorted(valued, key=lambda one: one.order)
        fen = min(debt.fen, worth(sources, rates))
        if not fen:
            continue
        taken = slices((one for one in sources if one.points_left), rates, fen)
        written = lines(taken, debt.issuer, accounts, accounts_of, rates, names)
        held.update({one.id: one for one in (*written.drawn, *written.opened)})
        settled = Transfer(CNY, fen * CNY_PER_FEN, accounts.of(AccountRole.DEBTS, debt.issuer), debt.account)
        found.append(Repayment(debt.repaid(fen), Fen(fen), tuple(taken), (*written.transfers, settled)))
    return tuple(found), tuple(held.values())
