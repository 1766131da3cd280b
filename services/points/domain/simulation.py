"""Simulation: what a month's real receipts would have earned under other rules, and what that would cost.

Receipts come holder by holder, each holder's in the order of purchase, so that a day's caps need no more
than that day. Budgets are taken as full at the month's beginning; a return that came later is left out.
Points cost what they are worth in fen at the rates of the month's end. Refuses to read and to change.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from services.points.domain.account import GROUP
from services.points.domain.amounts import Rate
from services.points.domain.assessment import Assessment, Purchase, assess
from services.points.domain.campaign import Campaign
from services.points.domain.cap import DayEarning
from services.points.domain.earning import Terms
from services.points.domain.journal import GROUP_POINT
from services.points.domain.rulebook import Rulebook, RuleKind, RuleVersion
from shared.kernel.calendar import day_of
from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
NEVER_ENDING = "9999-12-31T00:00:00+00:00"
SIMULATED = (RuleKind.EARN, RuleKind.CAP, RuleKind.CAMPAIGN)


class RuleNotSimulated(Refusal):
    """A rule of that kind does not say what receipts earn."""

    kind = Kind.CONFLICT
    code = "rule-not-simulated"
    title = Words("该类规则不能试算", "Rules of that kind are not simulated")
    advice = Words(
        "只能试算累积规则、上限与活动，该规则为 {rule}。",
        "Only earn rules, caps and campaigns can be simulated; this is a rule of kind {rule}.",
    )


class SimulationTooLong(Refusal):
    """The month has more receipts than can be assessed in the time that a question may take."""

    kind = Kind.TOO_LARGE
    code = "simulation-too-long"
    title = Words("试算超时", "The simulation takes too long")
    advice = Words(
        "{limit_s} 秒内只算完 {receipts} 张小票；请改用只涉及一个单元的规则，或在空闲时再试。",
        "{receipts} receipts were done in {limit_s} s; simulate a rule about one unit, or at a quiet hour.",
    )


@dataclass(frozen=True, slots=True)
class Past:
    """A receipt as it was: whose, where, how much, what it earned and under which terms."""

    holder_id: str
    unit: str
    store: str
    amount_fen: int
    at: datetime
    points: int
    terms: Terms


class _Sums:
    """What one issuer's points of a month were and would have been."""

    def __init__(self, asset: str) -> None:
        self.asset, self.were, self.would_be = asset, 0, 0


def laid_over(rulebook: Rulebook, draft: RuleVersion) -> Rulebook:
    """Give the rulebook as if this version had always been in force, instead of all others of its subject.

    :raises RuleNotSimulated: if it does not say what receipts earn.
    """
    if draft.kind not in SIMULATED:
        raise RuleNotSimulated(rule=draft.kind.value)
    subject = (draft.kind, draft.subject)
    others = tuple(one for one in rulebook.versions if (one.kind, one.subject) != subject)
    body = draft.body
    if draft.kind is RuleKind.CAMPAIGN:
        body = {**body, "until": NEVER_ENDING}
    return Rulebook((*others, replace(draft, valid_from=ALWAYS, body=body)))


def units_touched(rulebook: Rulebook, draft: RuleVersion, ends_at: datetime) -> tuple[str, ...] | None:
    """Give the units whose receipts a draft touches; None for all, also where caps join them."""
    capped = rulebook.capped_from is not None and rulebook.capped_from < ends_at
    if draft.kind is RuleKind.CAP or capped:
        return None
    return tuple(draft.body["units"]) if draft.kind is RuleKind.CAMPAIGN else (draft.subject,)


class _Month:
    """Sums of one simulation, and what the present holder's day has brought."""

    def __init__(self, rulebook: Rulebook, one_in: int) -> None:
        self.rulebook = rulebook
        self.one_in = one_in
        self.sums: dict[str, _Sums] = {}
        self.receipts: dict[str, list[int]] = {}
        self.left: dict[str, int] = {}
        self.day: tuple[str, date] | None = None
        self.earned: list[DayEarning] = []

    def draw(self, campaign: Campaign, wished: int, unit: str) -> int:
        """Draw on a budget that was full when the month began; a sample has its part of it."""
        name = campaign.wish(unit, wished, "").name
        given = min(wished, self.left.setdefault(name, campaign.budget // self.one_in))
        self.left[name] -= given
        return given

    def add(self, past: Past) -> None:
        """Assess one receipt anew and add both outcomes up; a unit that is no more is left as it was."""
        day = (past.holder_id, day_of(past.at))
        if day != self.day:
            self.day, self.earned = day, []
        unit = self.rulebook.find_unit(past.unit, past.at)
        if unit is None:
            return
        purchase = Purchase(unit, past.store, past.amount_fen, past.at, past.terms.lines, past.terms.tier)
        found = assess(
            self.rulebook, purchase, self.earned, lambda one, wished: self.draw(one, wished, unit.code)
        )
        own, bonus = found.earning.points, found.earning.bonus
        self.earned.append(DayEarning(unit.code, past.store, unit.asset, own, found.bonus_asset, bonus))
        self._count(past, unit.asset, found)

    def _count(self, past: Past, asset: str, found: Assessment) -> None:
        sums = self.sums.setdefault(past.unit, _Sums(asset))
        sums.were += past.points
        sums.would_be += found.earning.points
        was = past.terms.given
        if was is not None and was.points:
            self._bearer(was.bearer, asset).were += was.points
        if found.bearer is not None:
            self._bearer(found.bearer, asset).would_be += found.earning.bonus
        counted = self.receipts.setdefault(past.unit, [0, 0])
        counted[0] += 1
        counted[1] += (past.points, was.points if was else 0) != (found.earning.points, found.earning.bonus)

    def _bearer(self, bearer: str, asset: str) -> _Sums:
        return self.sums.setdefault(bearer, _Sums(GROUP_POINT if bearer == GROUP else asset))


def simulated(
    rulebook: Rulebook, receipts: Iterable[Past], rates: Mapping[str, Rate], one_in: int = 1
) -> Mapping[str, Any]:
    """Add up what receipts earned and what they would have earned under these rules, unit by unit.

    :param receipts: holder by holder, each holder's in the order of purchase.
    :param one_in: of how many holders one is among them.
    """
    month = _Month(rulebook, one_in)
    for past in receipts:
        month.add(past)
    units = [
        {
            "unit": unit,
            "asset": sums.asset,
            "receipts": month.receipts.get(unit, [0, 0])[0],
            "receipts_changed": month.receipts.get(unit, [0, 0])[1],
            "points_were": sums.were,
            "points_would_be": sums.would_be,
            "cost_was_fen": _cost(sums.asset, sums.were, rates),
            "cost_would_be_fen": _cost(sums.asset, sums.would_be, rates),
        }
        for unit, sums in sorted(month.sums.items())
    ]
    totals = ("receipts", "receipts_changed", "cost_was_fen", "cost_would_be_fen")
    return {**{name: sum(one[name] for one in units) for name in totals}, "units": units}


def _cost(asset: str, points: int, rates: Mapping[str, Rate]) -> int:
    return rates[asset].worth(points) if asset in rates else 0
