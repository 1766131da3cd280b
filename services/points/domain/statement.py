"""Statements of a sealed month: what each unit issued, redeemed, owes and is owed, from the folded month.

Refuses to read anything: it is given the fold. Money is rounded here, once, from 1/100 fen to fen.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.points.domain.account import IN_HAND, AccountRole
from services.points.domain.amounts import CNY_PER_FEN
from services.points.domain.journal import GROUP_POINT
from services.points.domain.lot import Origin


class CrookedFold(ArithmeticError):
    """A fold that does not add up: a defect of ours, and no statement is made of it."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Lines of a month that look alike, added up.

    Roles and units are those of the two accounts (`wallet`, `held` and `debt` have no unit); `issuer` and
    `origin` are the lot's, which is `lasting` if it expires after the month. `caused` tells that the lines
    spend from a lot of change that the same journal opened. Money in 1/100 fen.
    """

    from_role: str
    to_role: str
    from_unit: str | None
    to_unit: str | None
    issuer: str | None
    origin: str | None
    asset: str
    caused: bool
    lasting: bool
    amount: int
    worth_fen: int

    @property
    def comes(self) -> bool:
        """Tell whether points come into members' hands (wallet or held) from the house."""
        return self.to_role in IN_HAND and self.from_role not in IN_HAND

    @property
    def goes(self) -> bool:
        """Tell whether points leave members' hands."""
        return self.from_role in IN_HAND and self.to_role not in IN_HAND


@dataclass(frozen=True, slots=True)
class Position:
    """Points of an issuer's lots at a month's end; `lasting` are those that expire after it."""

    issuer: str
    asset: str
    points: int
    lasting: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How often it happened at one unit in the month."""

    receipts: int = 0
    redemptions: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class MonthFold:
    """What statements are made of: the month's journals added up, and what stood at its two ends."""

    month: date
    units: tuple[str, ...]
    flows: tuple[Flow, ...]
    opening: tuple[Position, ...]
    closing: tuple[Position, ...]
    counts: Mapping[str, Counts]


@dataclass(frozen=True, slots=True)
class Claims:
    """What issuers came to owe redeemers, in whole fen, and what the rounding account took, in 1/100 fen."""

    owed_fen: Mapping[tuple[str, str], int]
    rounding_cny: int

    def receivable(self, unit: str) -> dict[str, int]:
        """Give what each issuer came to owe the unit."""
        return {issuer: fen for (issuer, redeemer), fen in self.owed_fen.items() if redeemer == unit}

    def payable(self, unit: str) -> dict[str, int]:
        """Give what the unit came to owe each redeemer."""
        return {redeemer: fen for (issuer, redeemer), fen in self.owed_fen.items() if issuer == unit}


def rounded(amounts: Mapping[tuple[str, str], int]) -> Claims:
    """Round claims from 1/100 fen to fen by largest remainder; ties go in the order of the names.

    The claims together come to the whole fen of their exact sum; the rest (0 to 99) goes to the rounding
    account of the closing.
    """
    whole = {pair: amount // CNY_PER_FEN for pair, amount in amounts.items()}
    total = sum(amounts.values())
    missing = total // CNY_PER_FEN - sum(whole.values())
    by_rest = sorted(amounts, key=lambda pair: (-(amounts[pair] % CNY_PER_FEN), pair))
    for pair in by_rest[:missing]:
        whole[pair] += 1
    return Claims({pair: fen for pair, fen in sorted(whole.items()) if fen}, total % CNY_PER_FEN)


def carried(opening: Iterable[Position], flows: Iterable[Flow]) -> tuple[Position, ...]:
    """Carry positions over a month: what stood at its beginning and what came, less what went.

    :param opening: `lasting` in them are points that expire after this month.
    """
    sums: dict[tuple[str, str], tuple[int, int]] = {}

    def add(issuer: str, asset: str, points: int, lasting: int) -> None:
        before = sums.get((issuer, asset), (0, 0))
        sums[issuer, asset] = (before[0] + points, before[1] + lasting)

    for one in opening:
        add(one.issuer, one.asset, one.points, one.lasting)
    for flow in flows:
        points = flow.amount * (flow.comes - flow.goes)
        if points:
            add(str(flow.issuer), flow.asset, points, points * flow.lasting)
    return tuple(Position(*pair, *sums[pair]) for pair in sorted(sums))


def claims(flows: Iterable[Flow]) -> Claims:
    """Fold what the month's lines of money came to between units."""
    amounts: dict[tuple[str, str], int] = {}
    for flow in flows:
        if flow.from_role == AccountRole.CLEARING and flow.from_unit and flow.to_unit:
            pair = (flow.from_unit, flow.to_unit)
            amounts[pair] = amounts.get(pair, 0) + flow.amount
    return rounded(amounts)


def nets(units: Iterable[str], owed: Claims) -> dict[str, int]:
    """Give each unit's net: what others came to owe it less what it came to owe, in fen.

    :raises CrookedFold: if they do not sum to zero.
    """
    net = {unit: sum(owed.receivable(unit).values()) - sum(owed.payable(unit).values()) for unit in units}
    if sum(net.values()) != 0:
        raise CrookedFold(f"nets sum to {sum(net.values())} fen")
    return net


def statements(fold: MonthFold) -> tuple[Mapping[str, Any], ...]:
    """Write one mapping of figures per unit, in the order of their codes.

    :raises CrookedFold: if an issuer's points do not add up from opening to closing, or nets not to zero.
    """
    owed = claims(fold.flows)
    net = nets(fold.units, owed)
    return tuple(
        {
            "unit": unit,
            "month": fold.month.strftime("%Y-%m"),
            "net_fen": net[unit],
            "receivable_fen": owed.receivable(unit),
            "payable_fen": owed.payable(unit),
            "points": _points(fold, unit),
            "redeemed_here": _redeemed_here(fold.flows, unit),
            "receipts": fold.counts.get(unit, Counts()).receipts,
            "redemptions": fold.counts.get(unit, Counts()).redemptions,
            "refused": fold.counts.get(unit, Counts()).refused,
        }
        for unit in sorted(fold.units)
    )


def summary(fold: MonthFold) -> Mapping[str, Any]:
    """Write the group's figures of the month; zeros inside maps are left out."""
    owed = claims(fold.flows)
    by_issuer = {unit: owed.payable(unit) for unit in sorted(fold.units)}
    issued = _sums((one.issuer, one.amount) for one in fold.flows if one.from_role == AccountRole.ISSUED)
    redeemed = _sums(
        (one.to_unit, one.worth_fen) for one in fold.flows if one.to_role == AccountRole.REDEEMED
    )
    kept = {
        "fee_fen": sum(one.amount for one in fold.flows if one.to_role == AccountRole.FEE),
        "residual_fen": sum(one.amount for one in fold.flows if one.to_role == AccountRole.RESIDUAL),
    }
    return {
        "receipts": sum(one.receipts for one in fold.counts.values()),
        "redemptions": sum(one.redemptions for one in fold.counts.values()),
        "refused": sum(one.refused for one in fold.counts.values()),
        "change_points": _change(fold.flows),
        "issued": issued,
        "redeemed_fen": redeemed,
        "owed_fen": {issuer: payable for issuer, payable in by_issuer.items() if payable},
        "net_fen": {unit: fen for unit, fen in nets(fold.units, owed).items() if fen},
        "outstanding": _sums((one.asset, one.lasting) for one in fold.closing),
        # What the group kept of exchanges, named where there was any.
        **{name: fen for name, fen in kept.items() if fen},
    }


def _sums(pairs: Iterable[tuple[str | None, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for name, amount in pairs:
        sums[str(name)] = sums.get(str(name), 0) + amount
    return {name: amount for name, amount in sorted(sums.items()) if amount}


def _points(fold: MonthFold, unit: str) -> dict[str, dict[str, int]]:
    """Follow the points that the unit issued, asset by asset, from the month's opening to its closing."""
    own = [flow for flow in fold.flows if flow.issuer == unit]
    opening = {one.asset: one.points for one in fold.opening if one.issuer == unit}
    closing = {one.asset: one.points for one in fold.closing if one.issuer == unit}
    found = {
        asset: _movements([flow for flow in own if flow.asset == asset], unit)
        for asset in sorted({*opening, *closing, *(flow.asset for flow in own)})
    }
    for asset, moved in found.items():
        moved["opening"], moved["closing"] = opening.get(asset, 0), closing.get(asset, 0)
        came = moved["opening"] + sum(moved.get(name, 0) for name in CAME)
        went = sum(moved.get(name, 0) for name in WENT)
        if came - went != moved["closing"]:
            raise CrookedFold(f"{asset} of {unit}: {came} - {went} is not {moved['closing']}")
    return found


CAME = ("issued", "exchanged_in", "refunded", "gifted_in")
WENT = ("redeemed_here", "redeemed_elsewhere", "exchanged_out", "gifted_out", "expired", "returned")
"""By which movements an issuer's points come into members' hands, and leave them."""


def _movements(own: Iterable[Flow], unit: str) -> dict[str, int]:
    flows = tuple(own)
    coming = [flow for flow in flows if flow.comes]
    going = [flow for flow in flows if flow.goes]
    here = [flow for flow in going if flow.to_role == AccountRole.REDEEMED and flow.to_unit == unit]
    elsewhere = [flow for flow in going if flow.to_role == AccountRole.REDEEMED and flow.to_unit != unit]
    refunded = [flow for flow in coming if flow.from_role == AccountRole.REDEEMED]
    rare = {
        "refunded": sum(flow.amount for flow in refunded),
        "refunded_fen": sum(flow.worth_fen for flow in refunded),
        "returned": _out(going, AccountRole.ISSUED),
        "gifted_out": _out(going, AccountRole.GIFT),
        "gifted_in": _into(coming, AccountRole.GIFT),
    }
    return {
        "issued": _into(coming, AccountRole.ISSUED),
        "redeemed_here": sum(flow.amount for flow in here),
        "redeemed_here_fen": sum(flow.worth_fen for flow in here),
        "redeemed_elsewhere": sum(flow.amount for flow in elsewhere),
        "redeemed_elsewhere_fen": sum(flow.worth_fen for flow in elsewhere),
        "exchanged_out": _out(going, AccountRole.EXCHANGE),
        "exchanged_in": _into(coming, AccountRole.EXCHANGE),
        "change_given": _change(flows),
        "expired": _out(going, AccountRole.EXPIRED),
        # Named where there were any: a statement of a month sealed before they existed stays as it is.
        **{name: amount for name, amount in rare.items() if amount},
    }


def _into(coming: Iterable[Flow], role: AccountRole) -> int:
    return sum(flow.amount for flow in coming if flow.from_role == role)


def _out(going: Iterable[Flow], role: AccountRole) -> int:
    return sum(flow.amount for flow in going if flow.to_role == role)


def _change(flows: Iterable[Flow]) -> int:
    """Fold the change given: group points out of the exchange that the same journal did not spend."""
    change = 0
    for flow in flows:
        if flow.asset == GROUP_POINT:
            if flow.from_role == AccountRole.EXCHANGE and flow.origin == Origin.CHANGE:
                change += flow.amount
            elif flow.to_role == AccountRole.REDEEMED and flow.caused:
                change -= flow.amount
    return change


def _redeemed_here(flows: Iterable[Flow], unit: str) -> dict[str, dict[str, dict[str, int]]]:
    """List what was redeemed at the unit by issuer and asset, in points and in fen; own points included."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for flow in flows:
        if flow.to_role == AccountRole.REDEEMED and flow.to_unit == unit:
            by_asset = found.setdefault(str(flow.issuer), {})
            sums = by_asset.setdefault(flow.asset, {"points": 0, "fen": 0})
            sums["points"] += flow.amount
            sums["fen"] += flow.worth_fen
    return found
