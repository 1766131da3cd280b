"""Campaigns: a bonus on what receipts earn, for a time, at some units, out of a budget that is never passed.

**Rounding.** The bonus is a share, in basis points, of what the receipt's amounts in the campaign's
categories are worth at the unit's rates (without tier, at most the receipt's cap), or a fixed number of
points; it is rounded down once, by itself. It is in points of its bearer: of the unit, or of the group, and
then the share is of their worth in group points. A receipt whose own points are 0 gets no bonus. The bonus is
a lot of its own, and never counts for growth.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.points.domain.account import GROUP
from services.points.domain.amounts import Points, Rate
from services.points.domain.earning import NO_POINTS, WHOLE_BP, EarnRule, Split
from services.points.domain.limit import LimitDrawn, LimitReached, Share, Wish, draw
from shared.kernel.swift import swift

ALERT = "campaign-alert"
"""The fact whether somebody was told of a budget."""

ALERT_BP = 8_000
"""From this share of its budget on, in basis points, a campaign has somebody told."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign in force at `units` from its version's beginning until `until` (exclusive).

    Either `bonus_bp` basis points of what the receipt earns, or `bonus_points`. Empty `categories` and
    `tiers` mean all; of categories at least `minimum_fen` must have been paid. `budget` is in points of the
    bearer: each unit's own where the units bear it, one for all where the group does.
    """

    code: str
    version: int
    units: frozenset[str]
    until: datetime
    by_group: bool
    budget: int
    bonus_bp: int | None = None
    bonus_points: int | None = None
    minimum_fen: int = 0
    categories: frozenset[str] = frozenset()
    tiers: frozenset[int] = frozenset()

    @classmethod
    def read(cls, code: str, version: int, body: Mapping[str, Any]) -> "Campaign":
        """Read a campaign out of its rule's body."""
        return cls(
            code,
            version,
            frozenset(body["units"]),
            datetime.fromisoformat(body["until"]),
            body["bearer"] == GROUP,
            body["budget"],
            body.get("bonus_bp"),
            body.get("bonus_points"),
            body.get("minimum_fen") or 0,
            frozenset(body.get("categories") or ()),
            frozenset(body.get("tiers") or ()),
        )

    def bearer(self, unit: str) -> str:
        """Give who bears the bonus of a receipt of that unit."""
        return GROUP if self.by_group else unit

    def fits(self, unit: str, tier: int, at: datetime) -> bool:
        """Tell whether a receipt of that unit and tier, paid at that moment, may get the bonus."""
        return unit in self.units and at < self.until and (not self.tiers or tier in self.tiers)

    def wish(self, unit: str, points: int, subject: str) -> Wish:
        """Wish for so many points of the budget that a receipt of that unit draws on.

        Each version has a budget of its own, and so has each unit where the units bear it.
        """
        return Wish(
            f"campaign:{self.code}:{self.bearer(unit)}", str(self.version), self.budget, points, subject
        )

    def bonus(self, rule: EarnRule, split: Split, rate: Rate | None = None) -> Points:
        """Give the bonus for these amounts, before caps and budget.

        :param rate: what a point of the unit is worth in group points; needed where the group bears a share.
        """
        meant = self._meant(split)
        paid = sum(meant.values())
        if paid < max(1, self.minimum_fen):
            return NO_POINTS
        if self.bonus_bp is None:
            return Points(self.bonus_points or 0)
        share = rule.value(meant).at_most(rule.cap).times(self.bonus_bp, WHOLE_BP)
        if self.by_group:
            # An asset without a rate is worth nothing yet, and a share of nothing is nothing.
            share = share.times(rate.numerator, rate.denominator) if rate else share.times(0, 1)
        return share.rounded_down

    def _meant(self, split: Split) -> Split:
        if not self.categories:
            return split
        return {category: fen for category, fen in split.items() if category in self.categories}


@swift
@dataclass(frozen=True, slots=True)
class CampaignAlerted:
    """Somebody was told that so much of a campaign's budget is used."""

    budget: str
    used: int
    total: int
    at: datetime


def drawn(shares: Mapping[str, Share], wish: Wish) -> tuple[LimitDrawn, ...]:
    """Draw what is wished for from a budget, or all that it has left; nothing where nothing is left.

    :raises Postponed: if the desk's slice must be locked or filled up first.
    """
    try:
        return draw(shares, (wish,))
    except LimitReached as reached:
        left = reached.facts["left"]
        return draw(shares, (replace(wish, amount=left),)) if left else ()


def alerts(used: int, budget: int) -> bool:
    """Tell whether so much of a budget is used that somebody is told."""
    return used * WHOLE_BP >= budget * ALERT_BP
