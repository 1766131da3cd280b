"""What units of the group owe each other over some months: gross claims, own redemptions and nets, in fen.

It only adds up what months say; it does not ask anyone and does not round.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

UNITS_IN_ORDER = ("residential", "mall-east", "mall-west", "office", "hotel", "property")
UNIT_NAMES = {
    "residential": ("住宅", "Residential"),
    "mall-east": ("东区商场", "Mall East"),
    "mall-west": ("西区商场", "Mall West"),
    "office": ("写字楼", "Office"),
    "hotel": ("酒店", "Hotel"),
    "property": ("物业", "Property"),
    "group": ("集团", "Group"),
}


@dataclass(frozen=True, slots=True)
class Claims:
    """Who owes whom over a range of months; every amount in fen."""

    first_month: str
    last_month: str
    receipts: int
    redemptions: int
    units: tuple[str, ...]
    owed_fen: Mapping[tuple[str, str], int]
    redeemed_fen: Mapping[str, int]

    @property
    def gross_fen(self) -> int:
        """Add up everything that units came to owe each other."""
        return sum(self.owed_fen.values())

    def owes_fen(self, unit: str) -> int:
        """Add up what the unit came to owe."""
        return sum(fen for (issuer, _), fen in self.owed_fen.items() if issuer == unit)

    def is_owed_fen(self, unit: str) -> int:
        """Add up what others came to owe the unit."""
        return sum(fen for (_, redeemer), fen in self.owed_fen.items() if redeemer == unit)

    def net_fen(self, unit: str) -> int:
        """Give what the unit receives (positive) or pays (negative) once all claims are netted."""
        return self.is_owed_fen(unit) - self.owes_fen(unit)

    def own_fen(self, unit: str) -> int:
        """Give what was redeemed at the unit with its own points, which nobody owes."""
        return self.redeemed_fen.get(unit, 0) - self.is_owed_fen(unit)

    def payers(self) -> list[tuple[str, int]]:
        """List the units that pay, with the positive amount, the largest first."""
        return _largest_first((unit, -self.net_fen(unit)) for unit in self.units)

    def receivers(self) -> list[tuple[str, int]]:
        """List the units that receive, with the amount, the largest first."""
        return _largest_first((unit, self.net_fen(unit)) for unit in self.units)


def claims_of(months: Iterable[Mapping[str, Any]]) -> Claims:
    """Add up the months of a report.

    :raises ValueError: if there is no month.
    """
    listed = sorted(months, key=lambda month: str(month["month"]))
    if not listed:
        raise ValueError("a settlement needs at least one month")
    owed: dict[tuple[str, str], int] = {}
    redeemed: dict[str, int] = {}
    for month in listed:
        for issuer, claims in month["owed_fen"].items():
            for redeemer, fen in claims.items():
                owed[issuer, redeemer] = owed.get((issuer, redeemer), 0) + fen
        for unit, fen in month["redeemed_fen"].items():
            redeemed[unit] = redeemed.get(unit, 0) + fen
    named = {unit for pair in owed for unit in pair} | set(redeemed)
    return Claims(
        first_month=listed[0]["month"],
        last_month=listed[-1]["month"],
        receipts=sum(month["receipts"] for month in listed),
        redemptions=sum(month["redemptions"] for month in listed),
        units=UNITS_IN_ORDER + tuple(sorted(named - set(UNITS_IN_ORDER))),
        owed_fen=owed,
        redeemed_fen=redeemed,
    )


def _largest_first(amounts: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Keep the positive amounts, the largest first, equal ones by name."""
    return sorted(((unit, fen) for unit, fen in amounts if fen > 0), key=lambda item: (-item[1], item[0]))
