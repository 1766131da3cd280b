"""The lines of holds: from wallets into their held accounts, out of them by captures, back by a release.

A capture is written as a redemption is (domain/redemption.py), with held accounts in the place of wallets.
Refuses to choose lots and amounts: domain/hold.py does.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from services.points.domain.account import Accounts, held_account
from services.points.domain.amounts import Rate
from services.points.domain.hold import HeldSlice, Hold, captured, lots_on_hold
from services.points.domain.journal import Transfer
from services.points.domain.lot import Lot
from services.points.domain.redemption import lines
from services.points.domain.spending import Slice
from shared.kernel.ids import shown
from shared.kernel.swift import swift


@swift
@dataclass(frozen=True, slots=True)
class Moved:
    """Lines of a journal, and the lots of wallets as they leave them."""

    transfers: tuple[Transfer, ...]
    lots: tuple[Lot, ...]


@swift
@dataclass(frozen=True, slots=True)
class Capture:
    """A capture: what each lot gave, the lines, change lots as they were opened, the hold as it is left."""

    taken: tuple[Slice, ...]
    transfers: tuple[Transfer, ...]
    opened: tuple[Lot, ...]
    hold: Hold


def held_slices(taken: Iterable[Slice]) -> tuple[HeldSlice, ...]:
    """Give the slices of a new hold, in the order in which its lots are spent."""
    return tuple(HeldSlice(place, one.lot.id, one.points, one.points) for place, one in enumerate(taken))


def holding(taken: Iterable[Slice], wallet_accounts: Mapping[str, int]) -> Moved:
    """Write the lines that put slices on hold, whole points as they are.

    :param wallet_accounts: account number by wallet id.
    """
    transfers: list[Transfer] = []
    lots: list[Lot] = []
    for one in taken:
        wallet = wallet_accounts[one.lot.wallet_id]
        transfers.append(Transfer(one.lot.asset, one.points, wallet, held_account(wallet), one.lot.id))
        lots.append(one.lot.left_with(one.lot.points_left - one.points))
    return Moved(tuple(transfers), tuple(lots))


def capturing(
    hold: Hold,
    lots: Mapping[str, Lot],
    fen: int,
    accounts: Accounts,
    wallet_accounts: Mapping[str, int],
    rates: Mapping[str, Rate],
    change_ids: Iterable[str],
) -> Capture:
    """Write the lines of a capture at the hold's unit; change stays on hold, as slices of its own.

    :param lots: the hold's lots by id, as they are in their wallets.
    :param rates: those of the hold's own moment.
    :param change_ids: ids for change lots, as many as are asked for.
    """
    taken = captured(lots_on_hold(hold, lots), rates, fen)
    held = {wallet_id: held_account(account) for wallet_id, account in wallet_accounts.items()}
    written = lines(taken, hold.unit, accounts, held, rates, change_ids)
    places = range(len(hold.slices), len(hold.slices) + len(written.opened))
    changes = [
        HeldSlice(place, lot.id, lot.earned, lot.points_left)
        for place, lot in zip(places, written.opened, strict=True)
    ]
    return Capture(
        taken=tuple(taken),
        transfers=written.transfers,
        # The change lies on hold: of its lot, nothing is in the wallet yet.
        opened=tuple(lot.left_with(0) for lot in written.opened),
        hold=hold.left_with({lot.id: lot.points_left for lot in written.drawn}, changes, fen),
    )


def releasing(hold: Hold, lots: Mapping[str, Lot], wallet_accounts: Mapping[str, int]) -> Moved:
    """Write the lines that give what is left on hold back to the very lots it came from.

    :param lots: the hold's lots by id, as they are in their wallets.
    """
    transfers: list[Transfer] = []
    back: list[Lot] = []
    for one in lots_on_hold(hold, lots):
        wallet = wallet_accounts[one.wallet_id]
        transfers.append(Transfer(one.asset, one.points_left, held_account(wallet), wallet, one.id))
        back.append(lots[one.id].left_with(lots[one.id].points_left + one.points_left))
    return Moved(tuple(transfers), tuple(back))


def sides(hold: Hold, lots: Iterable[Lot]) -> tuple[str, ...]:
    """Give the units that may read a journal of the hold: its own, and the issuers of these lots."""
    return tuple(sorted({hold.unit, *(lot.issuer for lot in lots)}))


def held_by_issuer(points: Iterable[tuple[Lot, int]]) -> list[dict[str, Any]]:
    """Add points of lots up by asset and issuer, as an event tells them."""
    folded: dict[tuple[str, str], int] = {}
    for lot, count in points:
        place = (lot.asset, lot.issuer)
        folded[place] = folded.get(place, 0) + count
    return [{"asset": asset, "issuer": issuer, "points": count} for (asset, issuer), count in folded.items()]


def given_back(moved: Moved) -> Iterable[tuple[Lot, int]]:
    """Give each lot beside the points that its line moved."""
    return ((lot, line.amount) for lot, line in zip(moved.lots, moved.transfers, strict=True))


def lots_told(moved: Moved) -> list[dict[str, Any]]:
    """Tell, lot by lot, which points moved."""
    return [
        {"lot": shown("lot", lot.id), "asset": lot.asset, "issuer": lot.issuer, "points": points}
        for lot, points in given_back(moved)
    ]
