"""Clawback: what a returned purchase had earned is taken back, from the receipt's own lot first.

The rest comes from other points of the same issuer, and what those do not reach is owed as debt, in fen.
Points on hold are not touched, nor is what has expired. Refuses to know how much a receipt still earns.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.points.domain.account import AccountRole, Accounts
from services.points.domain.amounts import Fen, Points, Rate
from services.points.domain.journal import Transfer
from services.points.domain.lot import Lot


@dataclass(frozen=True, slots=True)
class Claim:
    """Points of one issuer's asset that are to be taken back, and the receipt's own lots of them."""

    issuer: str
    asset: str
    points: Points
    lot_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Forfeit:
    """What one lot gives: points of the claim's asset, or of another, then counted in fen at today's rate."""

    lot: Lot
    points: Points
    worth_fen: Fen | None = None

    @property
    def after(self) -> Lot:
        """The lot as it is then."""
        return self.lot.left_with(self.lot.points_left - self.points)


@dataclass(frozen=True, slots=True)
class Clawback:
    """How a claim is met: what lots give, and what stays owed."""

    claim: Claim
    forfeits: tuple[Forfeit, ...]
    debt_fen: Fen


def reachable(lots: Iterable[Lot], issuer: str, at: datetime) -> list[Lot]:
    """Give the issuer's lots from which something can be taken back, pending ones included, in order."""
    alive = (lot for lot in lots if lot.issuer == issuer and lot.points_left > 0 and lot.expires_at > at)
    return sorted(alive, key=lambda lot: lot.order)


def lacking(claim: Claim, lots: Iterable[Lot]) -> int:
    """Give how many points of the claim's asset the lots cannot give."""
    return max(0, claim.points - sum(lot.points_left for lot in lots if lot.asset == claim.asset))


def met(claim: Claim, lots: Iterable[Lot], rates: Mapping[str, Rate]) -> Clawback:
    """Meet a claim: first in points of its own asset, the receipt's lots before all others; then in value.

    Points that are lacking are worth, rounded up, what a point is worth today; lots of other assets (change,
    exchanged points) give what is worth no more than that in whole points, and the rest is owed.

    :param lots: what can be reached, in the order in which it is spent.
    :raises KeyError: if points are lacking whose asset has no rate (the caller has looked first).
    """
    held = list(lots)
    forfeits = list(_in_points(claim, held))
    owed = lacking(claim, held)
    if not owed:
        return Clawback(claim, tuple(forfeits), Fen(0))
    rate = rates[claim.asset]
    due = -(-owed * rate.numerator // rate.denominator)
    for one in _in_value(claim, held, rates, due):
        forfeits.append(one)
        due -= one.worth_fen or 0
    return Clawback(claim, tuple(forfeits), Fen(due))


def _in_points(claim: Claim, held: Iterable[Lot]) -> Iterator[Forfeit]:
    wanted: int = claim.points
    same = [lot for lot in held if lot.asset == claim.asset]
    for lot in sorted(same, key=lambda one: one.id not in claim.lot_ids):
        points = min(lot.points_left, wanted)
        if points:
            yield Forfeit(lot, Points(points))
            wanted -= points


def _in_value(
    claim: Claim, held: Iterable[Lot], rates: Mapping[str, Rate], due_fen: int
) -> Iterator[Forfeit]:
    for lot in held:
        rate = rates.get(lot.asset)
        if lot.asset == claim.asset or rate is None:
            continue
        # Whole points that are worth a whole number of fen, never more than is due.
        groups = min(lot.points_left // rate.denominator, due_fen // rate.numerator)
        if groups:
            worth = Fen(groups * rate.numerator)
            yield Forfeit(lot, Points(groups * rate.denominator), worth)
            due_fen -= worth


def clawback_lines(back: Clawback, accounts: Accounts, wallet_accounts: Mapping[str, int]) -> list[Transfer]:
    """Write the lines that take points back to their issuer.

    :param wallet_accounts: account number by wallet id.
    """
    issued = accounts.of(AccountRole.ISSUED, back.claim.issuer)
    return [
        Transfer(
            one.lot.asset,
            one.points,
            wallet_accounts[one.lot.wallet_id],
            issued,
            one.lot.id,
        )
        for one in back.forfeits
    ]
