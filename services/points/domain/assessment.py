"""Assessment: what a purchase earns, all rules together: rate and tier, a campaign's bonus, caps, budget.

The same function serves the receipt at the till and the question what a rule would have cost. Refuses to
read: tier, the day's earnings and what budgets have left are given.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.points.domain.amounts import Points, Rate
from services.points.domain.campaign import Campaign
from services.points.domain.cap import BONUS, BUDGET, POINTS, STORE, Capped, CapRule, DayEarning, capped
from services.points.domain.earning import Cut, Earning, EarnRule, Given, Split, Terms
from services.points.domain.journal import GROUP_POINT
from services.points.domain.rulebook import Rulebook, Unit
from shared.kernel.number import normal
from shared.kernel.swift import swift

Draw = Callable[[Campaign, int], int]
"""Given a campaign and a bonus, tells how much of it its budget has left."""


@swift
@dataclass(frozen=True, slots=True)
class Purchase:
    """What a holder of that tier paid in cash at a unit's store, by category where the till says so."""

    unit: Unit
    store: str
    amount_fen: int
    at: datetime
    lines: Split = field(default_factory=dict)
    tier: int = 0


@swift
@dataclass(frozen=True, slots=True)
class Assessment:
    """What a purchase earns, under which rule and terms; `bonus_asset` and `bearer` are the campaign's."""

    rule: EarnRule
    earning: Earning
    terms: Terms
    bonus_asset: str | None = None
    bearer: str | None = None


def assess(rulebook: Rulebook, purchase: Purchase, earned: Iterable[DayEarning], draw: Draw) -> Assessment:
    """Say what the purchase earns under the rules in force when it was paid.

    :param earned: what the holder's other receipts of the same business day brought.
    :raises NoRuleInForce: if the unit has no earn rule then.
    """
    rule = rulebook.earn_rule(purchase.unit.code, purchase.at)
    points = rule.earned(purchase.amount_fen, purchase.lines, purchase.tier)
    cap = rulebook.cap(purchase.at)
    campaigns = rulebook.campaigns(purchase.unit.code, purchase.tier, purchase.at) if points else []
    if cap is None and not campaigns:
        return Assessment(rule, Earning(points), Terms(rule.version, purchase.lines, purchase.tier))
    rates = rulebook.rates(purchase.at)
    wishes = _wishes(rule, purchase, campaigns, rates)
    return _limited(rule, purchase, points, wishes, _Limits(cap, tuple(earned), rates), draw)


@dataclass(frozen=True, slots=True)
class _Wish:
    campaign: Campaign
    asset: str
    bonus: Points
    worth_fen: int
    rate: Rate | None


@dataclass(frozen=True, slots=True)
class _Limits:
    cap: CapRule | None
    earned: tuple[DayEarning, ...]
    rates: Mapping[str, Rate]


def _wishes(
    rule: EarnRule, purchase: Purchase, campaigns: Iterable[Campaign], rates: Mapping[str, Rate]
) -> list[_Wish]:
    """Give the bonuses that would be given, the most valuable first."""
    split = purchase.lines or Terms(rule.version).split(purchase.amount_fen)
    wishes = []
    for one in campaigns:
        asset = GROUP_POINT if one.by_group else purchase.unit.asset
        rate = rates.get(purchase.unit.asset) if one.by_group and one.bonus_bp is not None else None
        bonus = one.bonus(rule, split, rate)
        if bonus:
            worth_fen = rates[asset].worth(bonus) if asset in rates else 0
            wishes.append(_Wish(one, asset, bonus, worth_fen, rate))
    return sorted(wishes, key=lambda wish: (-wish.worth_fen, wish.campaign.code))


def _limited(
    rule: EarnRule, purchase: Purchase, points: Points, wishes: list[_Wish], limits: _Limits, draw: Draw
) -> Assessment:
    """Cut points and bonus by the caps, the bonus by the budget of the first campaign that has any left."""
    terms = Terms(rule.version, purchase.lines, purchase.tier)
    unit, cap = purchase.unit, limits.cap
    if cap is not None and points and cap.full(unit.code, purchase.store, limits.earned):
        cut = (Cut(STORE, POINTS, points),)
        return Assessment(rule, Earning(Points(0)), replace(terms, cut=cut))
    room = None if cap is None else cap.room(unit.code, limits.earned, limits.rates)
    spent: tuple[_Wish, Capped] | None = None
    for wish in wishes:
        left = capped(Earning(points, wish.bonus), unit.asset, wish.asset, room, limits.rates)
        if not left.earning.bonus:
            continue
        drawn = Points(draw(wish.campaign, left.earning.bonus))
        if drawn:
            return _given(rule, purchase, wish, left, drawn)
        spent = spent or (wish, left)
    if spent is not None:
        return _given(rule, purchase, *spent, Points(0))
    left = capped(Earning(points), unit.asset, unit.asset, room, limits.rates)
    return Assessment(rule, left.earning, replace(terms, cut=left.cut))


def _given(rule: EarnRule, purchase: Purchase, wish: _Wish, left: Capped, drawn: Points) -> Assessment:
    campaign, unit = wish.campaign, purchase.unit.code
    missed = left.earning.bonus - drawn
    cut = (*left.cut, Cut(BUDGET, BONUS, missed)) if missed else left.cut
    given = Given(campaign.code, campaign.version, campaign.bearer(unit), drawn, wish.rate)
    terms = Terms(rule.version, purchase.lines, purchase.tier, given, cut)
    if not drawn:
        return Assessment(rule, Earning(left.earning.points), terms)
    earning = Earning(left.earning.points, drawn)
    return Assessment(rule, earning, terms, wish.asset, campaign.bearer(unit))


def day_earning_of(
    rulebook: Rulebook, unit: str, store: str, points: int, terms: Terms, at: datetime
) -> DayEarning:
    """Say what a kept receipt brought, for the caps of its day."""
    found = rulebook.find_unit(unit, at)
    asset = found.asset if found else ""
    given = terms.given
    if given is None:
        return DayEarning(unit, normal(store), asset, points)
    return DayEarning(
        unit, normal(store), asset, points, asset if given.bearer == unit else GROUP_POINT, given.points
    )


def misfit(rulebook: Rulebook, unit: str, amount_fen: int, points: int, terms: Terms) -> str:
    """Say how a receipt's points differ from what its terms make of its amount; nothing where they do not."""
    if terms.lines and sum(terms.lines.values()) != amount_fen:
        return "its lines do not come to its amount"
    rule = rulebook.earn_version(unit, terms.rule)
    if rule is None:
        return f"its unit has no version {terms.rule} of a rule"
    if points + terms.cut_of(POINTS) != rule.earned(amount_fen, terms.lines, terms.tier):
        return f"its points are not what version {rule.version} makes of its amount, less what was cut"
    given = terms.given
    if given is None:
        return ""
    campaign = rulebook.campaign_version(given.code, given.version)
    if campaign is None or campaign.bearer(unit) != given.bearer:
        return f"campaign {given.code} of that version and bearer is not known"
    wished = campaign.bonus(rule, terms.split(amount_fen), given.rate)
    return "" if given.points + terms.cut_of(BONUS) == wished else "its bonus is not what its campaign gives"
