"""Earning: what a receipt is worth under a rule, and from when to when its points can be spent.

**Rounding.** Each category of a receipt earns at its own rate (points for so many fen), what has none at the
rule's own. The exact sum is multiplied by the tier's basis points and rounded down once, at the end; then the
receipt's cap holds. A campaign's bonus is rounded down by itself (domain/campaign.py). What caps of the day
and the campaign's budget leave is decided when the receipt comes, and kept in its terms.

**Terms** (`receipts.terms`, JSON with sorted keys, parts that say nothing left out) are all that is needed to
say later what a smaller purchase would have earned:

    {"rule": 3,                             version of the unit's earn rule
     "lines": {"food": 12000, "": 300},     fen by category, "" for none; absent: nothing has a category
     "tier": 2,                             the holder's tier at the purchase; absent: 0
     "campaign": {"code": "spring", "version": 1, "bearer": "hotel", "points": 20, "rate": [5, 1]},
     "cut": [{"rule": "points-per-day", "of": "points", "points": 30}]}

`campaign` names whose bonus was given, `points` of it to a lot of its own, of the bearer (the unit, or
`group`); `rate` is what a point of the unit was worth in group points where the group bears a share of them.
`cut` says what caps and budget took: points of the receipt + cut "points" = what the rule gives.

A return asks `left = less(terms.split(amount_fen), fen, category)`, once for each return of the receipt so
far and for this one, then `rulebook.still_earned(unit, terms, left, Earning(points, bonus))` with what the
receipt was given. It never says more than was given: a cap that cut once goes on cutting.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import lcm
from typing import Any

from services.points.domain.amounts import Points, Rate
from shared.kernel.calendar import days, quarter_end_after
from shared.kernel.refusal import Kind, Refusal
from shared.kernel.swift import swift
from shared.kernel.words import Words

WHOLE_BP = 10_000
NO_CATEGORY = ""
NO_POINTS = Points(0)

Split = Mapping[str, int]
"""Fen by category; `NO_CATEGORY` for what has none."""


class CategoryNeeded(Refusal):
    """The receipt has several categories: which one something comes off must be said."""

    kind = Kind.CONFLICT
    code = "category-needed"
    title = Words("须说明品类", "Say which category")
    advice = Words(
        "该小票含多个品类（{categories}），请说明是哪一个。",
        "The receipt has several categories ({categories}); say which one is meant.",
    )


class CategoryExceeded(Refusal):
    """More is to come off a category than is left of it."""

    kind = Kind.CONFLICT
    code = "category-exceeded"
    title = Words("超过该品类余额", "More than is left of the category")
    advice = Words(
        "该品类还剩人民币 {left_fen} 分，本次为 {wanted_fen} 分；请核对金额与品类。",
        "{left_fen} fen are left of that category, this would be {wanted_fen}; check amount and category.",
    )


@dataclass(frozen=True, slots=True)
class EarnRate:
    """`points` for every `per_fen` paid; both positive."""

    points: int
    per_fen: int


@dataclass(frozen=True, slots=True)
class Exact:
    """A number of points before it is rounded: numerator / denominator."""

    numerator: int
    denominator: int = 1

    def times(self, numerator: int, denominator: int) -> "Exact":
        """Give this many times that fraction."""
        return Exact(self.numerator * numerator, self.denominator * denominator)

    def at_most(self, most: int | None) -> "Exact":
        """Give this, or that many points where it is more."""
        return self if most is None or self.numerator <= most * self.denominator else Exact(most)

    @property
    def rounded_down(self) -> Points:
        """The whole points in it."""
        return Points(self.numerator // self.denominator)


@dataclass(frozen=True, slots=True)
class EarnRule:
    """A unit's earn rule: `points` for every `per_fen` paid in cash, at most `cap` a receipt.

    `categories` earn at rates of their own. `tiers` multiply, in basis points by tier; a tier that is not
    listed counts as the next lower one. `pending_days` times 24 hours pass before the points can be spent;
    they expire at the end of the quarter in which `expiry_months` calendar months have passed.
    """

    version: int
    points: int
    per_fen: int
    cap: int | None
    pending_days: int
    expiry_months: int
    categories: Mapping[str, EarnRate] = field(default_factory=dict)
    tiers: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def read(cls, version: int, body: Mapping[str, Any]) -> "EarnRule":
        """Read the body of the rule; JSON names tiers by text."""
        categories, tiers = body.get("categories") or {}, body.get("tiers") or {}
        return cls(
            version,
            body["points"],
            body["per_fen"],
            body.get("cap"),
            body["pending_days"],
            body["expiry_months"],
            {code: EarnRate(one["points"], one["per_fen"]) for code, one in categories.items()},
            {int(tier): basis_points for tier, basis_points in tiers.items()},
        )

    def earned(self, amount_fen: int, lines: Split | None = None, tier: int = 0) -> Points:
        """Give the points for a receipt of this amount, rounded down once.

        :param lines: the amount by category; without it all of it has none.
        """
        if not lines and not self.tiers:
            points = self.points * amount_fen // self.per_fen
            return Points(points if self.cap is None else min(points, self.cap))
        exact = self.value(lines or {NO_CATEGORY: amount_fen}).times(self.tier_bp(tier), WHOLE_BP)
        return exact.at_most(self.cap).rounded_down

    def most(self, amount_fen: int) -> Points:
        """Give the most that a receipt of this amount can earn, whatever its categories and tier."""
        rates = (EarnRate(self.points, self.per_fen), *self.categories.values())
        tier_bp = max(WHOLE_BP, *self.tiers.values()) if self.tiers else WHOLE_BP
        exact = (Exact(rate.points * amount_fen, rate.per_fen).times(tier_bp, WHOLE_BP) for rate in rates)
        return max(one.at_most(self.cap).rounded_down for one in exact)

    def value(self, split: Split) -> Exact:
        """Give what the rates make of the amounts, without tier and cap, not rounded."""
        rates = [(self.rate_of(category), fen) for category, fen in split.items()]
        denominator = lcm(*(rate.per_fen for rate, _ in rates))
        return Exact(
            sum(rate.points * fen * (denominator // rate.per_fen) for rate, fen in rates), denominator
        )

    def rate_of(self, category: str) -> EarnRate:
        """Give the rate of a category; one that the rule does not know earns as what has none."""
        return self.categories.get(category) or EarnRate(self.points, self.per_fen)

    def tier_bp(self, tier: int) -> int:
        """Give the multiplier of a tier, in basis points."""
        known = max((one for one in self.tiers if one <= tier), default=None)
        return WHOLE_BP if known is None else self.tiers[known]

    def available_at(self, earned_at: datetime) -> datetime:
        """Give the first moment at which the points can be spent."""
        return earned_at + days(self.pending_days)

    def expires_at(self, earned_at: datetime) -> datetime:
        """Give the first moment at which the points can no longer be spent."""
        return quarter_end_after(earned_at, self.expiry_months)


@dataclass(frozen=True, slots=True)
class Cut:
    """What a cap or a budget took: which one, of the receipt's `points` or of a campaign's `bonus`."""

    rule: str
    of: str
    points: int

    def as_json(self) -> dict[str, Any]:
        """Give it as it stands in terms and answers."""
        return {"rule": self.rule, "of": self.of, "points": self.points}


@dataclass(frozen=True, slots=True)
class Given:
    """The bonus that a campaign gave: `points` of the bearer, which is the unit or the group.

    `rate` is the unit's asset in group points, where the group bears a share of the unit's points.
    """

    code: str
    version: int
    bearer: str
    points: Points
    rate: Rate | None = None


@swift
@dataclass(frozen=True, slots=True)
class Terms:
    """Under which terms a receipt earned; the module's docstring gives the shape in which they are kept."""

    rule: int
    lines: Split = field(default_factory=dict)
    tier: int = 0
    given: Given | None = None
    cut: tuple[Cut, ...] = ()

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> "Terms":
        """Read terms as they are kept."""
        campaign = kept.get("campaign")
        given = None
        if campaign is not None:
            rate = Rate(*campaign["rate"]) if "rate" in campaign else None
            given = Given(
                campaign["code"], campaign["version"], campaign["bearer"], Points(campaign["points"]), rate
            )
        cut = tuple(Cut(one["rule"], one["of"], one["points"]) for one in kept.get("cut", ()))
        return cls(kept["rule"], kept.get("lines", {}), kept.get("tier", 0), given, cut)

    def as_json(self) -> dict[str, Any]:
        """Give the terms as they are kept."""
        kept: dict[str, Any] = {"rule": self.rule}
        if self.lines:
            kept["lines"] = dict(self.lines)
        if self.tier:
            kept["tier"] = self.tier
        if self.given is not None:
            one = self.given
            kept["campaign"] = {
                "code": one.code,
                "version": one.version,
                "bearer": one.bearer,
                "points": one.points,
            }
            if one.rate is not None:
                kept["campaign"]["rate"] = [one.rate.numerator, one.rate.denominator]
        if self.cut:
            kept["cut"] = [one.as_json() for one in self.cut]
        return kept

    def split(self, amount_fen: int) -> Split:
        """Give the receipt's amount by category."""
        return self.lines or {NO_CATEGORY: amount_fen}

    def cut_of(self, of: str) -> int:
        """Give how many points were cut of the receipt's `points` or of the `bonus`."""
        return sum(one.points for one in self.cut if one.of == of)


def less(split: Split, fen: int, category: str | None = None) -> Split:
    """Give what is left of the amounts once that much came off one category.

    :param category: may be left out where there is only one.
    :raises CategoryNeeded: if there are several and none was named, or the named one is none of them.
    :raises CategoryExceeded: if less is left of it.
    """
    if category is None and len(split) == 1:
        (category,) = split
    if category is None or category not in split:
        raise CategoryNeeded(categories=", ".join(sorted(split)))
    if fen > split[category]:
        raise CategoryExceeded(left_fen=split[category], wanted_fen=fen)
    return {**split, category: split[category] - fen}


@swift
@dataclass(frozen=True, slots=True)
class Earning:
    """What a receipt earns: the unit's own points, and a campaign's bonus in points of its bearer."""

    points: Points
    bonus: Points = NO_POINTS
