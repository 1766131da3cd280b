"""The rulebook: every approved version of every kind of rule, and which is in force.

A version is in force from its `valid_from` until the next version of the same kind and subject begins; so
versions never overlap. Refuses to change: approving a rule makes a new rulebook.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from services.points.domain.account import GROUP
from services.points.domain.adjustment import GrantTerms
from services.points.domain.amounts import Rate
from services.points.domain.campaign import Campaign
from services.points.domain.cap import CapRule
from services.points.domain.check_in import CheckInTerms
from services.points.domain.doubt import ClaimTerms
from services.points.domain.earning import Earning, EarnRule, Split, Terms
from services.points.domain.exchange_terms import FREE_EXCHANGE, ExchangeTerms, assets_of, pair_subject
from services.points.domain.gift import GiftTerms
from services.points.domain.offer import Offer
from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words

RULEBOOK = ("rulebook", "group")
"""The row that whoever edits rules has locked: versions follow one another."""


HOLD_LASTS_S = 24 * 3_600
"""How long a hold lasts where the rule does not say. Source: the owner's safety net of 24 h."""


class RuleKind(StrEnum):
    """What a rule is about."""

    UNIT = "unit"
    EARN = "earn"
    RATE = "rate"
    SPEND = "spend"
    CAP = "cap"
    CAMPAIGN = "campaign"
    CHECK_IN = "check-in"
    GRANT = "grant"
    GIFT = "gift"
    PAIR = "pair"
    EXCHANGE = "exchange"
    CLAIM = "claim"
    OFFER = "offer"


RATE_KINDS = frozenset({RuleKind.RATE, RuleKind.PAIR})
"""What may be published only where no round trip profits."""


class NoRuleInForce(Refusal):
    """No approved rule covers that moment."""

    kind = Kind.CONFLICT
    code = "no-rule-in-force"
    retryable = True
    title = Words("没有生效的规则", "No rule is in force")
    advice = Words(
        "{subject} 在 {at} 没有生效的 {rule} 规则；请改选已有规则的，或由运营起草并复核。",
        "There is no {rule} rule for {subject} at {at}; choose another, or have one drafted and approved.",
    )


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """One approved version of a rule; `body` has the shape of its kind (api/rules.py)."""

    kind: RuleKind
    subject: str
    version: int
    valid_from: datetime
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unit:
    """A settling business unit and the asset it issues; its name is for people, who read the rule itself.

    Where `tickets_required`, members pay its orders only with a ticket that it signed.
    """

    code: str
    asset: str
    tickets_required: bool = False

    @classmethod
    def read(cls, code: str, body: Mapping[str, Any]) -> "Unit":
        """Read the body of its rule; versions of before there were order tickets say nothing about them."""
        return cls(code, body["asset"], body.get("tickets_required", False))


@dataclass(frozen=True, slots=True)
class SpendTerms:
    """How points may pay: at least `minimum_fen`, at most `share_bp` basis points of a price.

    `hold_lasts_s` is how long points are set aside for an order at most.
    """

    version: int
    minimum_fen: int
    share_bp: int
    hold_lasts_s: int = HOLD_LASTS_S

    @classmethod
    def read(cls, version: int, body: Mapping[str, Any]) -> "SpendTerms":
        """Read the body of the rule; versions of before there were holds say nothing about them."""
        lasts_s = body.get("hold_lasts_s", HOLD_LASTS_S)
        return cls(version, body["minimum_fen"], body["share_bp"], lasts_s)

    def most(self, price_fen: int) -> int:
        """Give the most that points may pay of a price, in fen, rounded down."""
        return price_fen * self.share_bp // 10_000


@dataclass(frozen=True)
class Rulebook:
    """All approved versions, in order of their beginning for each kind and subject."""

    versions: tuple[RuleVersion, ...] = ()

    @cached_property
    def _series(self) -> dict[tuple[str, str], tuple[list[datetime], list[Any]]]:
        series: dict[tuple[str, str], tuple[list[datetime], list[Any]]] = {}
        for version in sorted(self.versions, key=lambda one: (one.valid_from, one.version)):
            begins, read = series.setdefault((version.kind, version.subject), ([], []))
            begins.append(version.valid_from)
            read.append(_READERS[version.kind](version))
        return series

    @cached_property
    def _numbered(self) -> dict[tuple[str, str, int], Any]:
        return {
            (one.kind, one.subject, one.version): _READERS[one.kind](one)
            for one in self.versions
            if one.kind in (RuleKind.EARN, RuleKind.CAMPAIGN)
        }

    @cached_property
    def _campaigns(self) -> tuple[str, ...]:
        return tuple(sorted({one.subject for one in self.versions if one.kind is RuleKind.CAMPAIGN}))

    @cached_property
    def assets(self) -> tuple[str, ...]:
        """Codes of all assets that have a rate, sorted."""
        return tuple(sorted({one.subject for one in self.versions if one.kind is RuleKind.RATE}))

    @cached_property
    def rate_changes(self) -> tuple[datetime, ...]:
        """Moments at which some rate or pair begins, in order."""
        return tuple(sorted({one.valid_from for one in self.versions if one.kind in RATE_KINDS}))

    def _found(self, kind: RuleKind, subject: str, at: datetime) -> Any | None:
        begins, read = self._series.get((kind, subject), ((), ()))
        place = bisect_right(begins, at)
        return read[place - 1] if place else None

    def _in_force(self, kind: RuleKind, subject: str, at: datetime) -> Any:
        found = self._found(kind, subject, at)
        if found is None:
            raise NoRuleInForce(rule=kind.value, subject=subject, at=at.isoformat())
        return found

    def find_unit(self, code: str, at: datetime) -> Unit | None:
        """Give the unit as it stands at that moment, or None."""
        found: Unit | None = self._found(RuleKind.UNIT, code, at)
        return found

    def earn_rule(self, unit: str, at: datetime) -> EarnRule:
        """Give the unit's earn rule in force.

        :raises NoRuleInForce: if there is none.
        """
        rule: EarnRule = self._in_force(RuleKind.EARN, unit, at)
        return rule

    def cap(self, at: datetime) -> CapRule | None:
        """Give the group's caps in force, or None."""
        found: CapRule | None = self._found(RuleKind.CAP, GROUP, at)
        return found

    def campaigns(self, unit: str, tier: int, at: datetime) -> list[Campaign]:
        """Give the campaigns of which a receipt of that unit and tier may get a bonus, by code."""
        found = (self._found(RuleKind.CAMPAIGN, code, at) for code in self._campaigns)
        return [one for one in found if one is not None and one.fits(unit, tier, at)]

    @property
    def has_campaigns(self) -> bool:
        """Tell whether there is any campaign, past, present or future."""
        return bool(self._campaigns)

    def campaigns_between(self, unit: str, begins_at: datetime, ends_at: datetime) -> list[Campaign]:
        """Give every version of a campaign at that unit that may be in force at some moment in between."""
        versions = (
            one for one in self.versions if one.kind is RuleKind.CAMPAIGN and one.valid_from < ends_at
        )
        found = (self._numbered[one.kind, one.subject, one.version] for one in versions)
        return [one for one in found if unit in one.units and one.until > begins_at]

    @cached_property
    def capped_from(self) -> datetime | None:
        """The first moment at which any caps hold, or None: before it nobody's day need be known."""
        return min((one.valid_from for one in self.versions if one.kind is RuleKind.CAP), default=None)

    @cached_property
    def tiered_from(self) -> datetime | None:
        """The first moment at which any rule asks for a tier, or None."""
        kinds = (RuleKind.EARN, RuleKind.CAMPAIGN)
        begins = (one.valid_from for one in self.versions if one.kind in kinds and one.body.get("tiers"))
        return min(begins, default=None)

    def earn_version(self, unit: str, version: int) -> EarnRule | None:
        """Give that version of a unit's earn rule, in force or not, or None."""
        found: EarnRule | None = self._numbered.get((RuleKind.EARN, unit, version))
        return found

    def campaign_version(self, code: str, version: int) -> Campaign | None:
        """Give that version of a campaign, in force or not, or None."""
        found: Campaign | None = self._numbered.get((RuleKind.CAMPAIGN, code, version))
        return found

    def reign(self, unit: str, version: int) -> tuple[datetime, datetime | None]:
        """Give from when until when (exclusive; None: ever since) that version of an earn rule is in force.

        :raises StopIteration: if there is no such version.
        """
        begins, read = self._series[RuleKind.EARN, unit]
        place = next(place for place, rule in enumerate(read) if rule.version == version)
        return begins[place], begins[place + 1] if place + 1 < len(begins) else None

    def still_earned(self, unit: str, terms: Terms, left: Split, given: Earning) -> Earning:
        """Give what a receipt would have earned for what is left of it: never more than it was given."""
        rule = self.earn_version(unit, terms.rule)
        assert rule is not None, f"{unit} has no version {terms.rule}"
        points = min(rule.earned(sum(left.values()), left, terms.tier), given.points)
        if terms.given is None or not points:
            return Earning(points)
        campaign = self.campaign_version(terms.given.code, terms.given.version)
        assert campaign is not None, f"there is no version {terms.given.version} of {terms.given.code}"
        return Earning(points, min(campaign.bonus(rule, left, terms.given.rate), given.bonus))

    def rates(self, at: datetime) -> Mapping[str, Rate]:
        """Give the rate of every asset that has one in force, by asset."""
        era = bisect_right(self.rate_changes, at)
        known = self._rates.get(era)
        if known is None:
            found = {asset: self._found(RuleKind.RATE, asset, at) for asset in self.assets}
            known = self._rates[era] = {asset: rate for asset, rate in found.items() if rate is not None}
        return known

    @cached_property
    def _rates(self) -> dict[int, Mapping[str, Rate]]:
        """Between two moments at which some rate changes all are the same: they are looked up once."""
        return {}

    def rate(self, asset: str, at: datetime) -> Rate:
        """Give the rate of one asset in force.

        :raises NoRuleInForce: if there is none.
        """
        rate: Rate = self._in_force(RuleKind.RATE, asset, at)
        return rate

    def group_rule(self, kind: RuleKind, at: datetime) -> Any:
        """Give the group's own rule of a kind in force: of check-ins, of grants.

        :raises NoRuleInForce: if there is none.
        """
        return self._in_force(kind, GROUP, at)

    def claim_terms(self, at: datetime) -> ClaimTerms | None:
        """Give the group's terms of photographed receipts, or None: then none are taken."""
        terms: ClaimTerms | None = self._found(RuleKind.CLAIM, GROUP, at)
        return terms

    def find_offer(self, code: str, at: datetime) -> Offer | None:
        """Give an outside partner's offer as it stands at that moment, sold or not, or None."""
        offer: Offer | None = self._found(RuleKind.OFFER, code, at)
        return offer

    def find_pair(self, from_asset: str, to_asset: str, at: datetime) -> Rate | None:
        """Give the direct rate between two assets, if one is published."""
        pair: Rate | None = self._found(RuleKind.PAIR, pair_subject(from_asset, to_asset), at)
        return pair

    def pairs(self, at: datetime) -> dict[tuple[str, str], Rate]:
        """Give every direct rate in force, by the two assets."""
        subjects = {one.subject for one in self.versions if one.kind is RuleKind.PAIR}
        found = {subject: self._found(RuleKind.PAIR, subject, at) for subject in sorted(subjects)}
        return {assets_of(subject): rate for subject, rate in found.items() if rate is not None}

    def exchange_terms(self, at: datetime) -> ExchangeTerms:
        """Give the group's terms for exchange by wish; without a rule there is no fee and no limit."""
        terms: ExchangeTerms | None = self._found(RuleKind.EXCHANGE, GROUP, at)
        return terms or FREE_EXCHANGE

    def versions_of(self, at: datetime, *subjects: tuple[RuleKind, str]) -> list[dict[str, Any]]:
        """Name the version in force of each of these, those without one left out."""
        found = ((kind, subject, self._version_in_force(kind, subject, at)) for kind, subject in subjects)
        return [
            {"kind": kind.value, "subject": subject, "version": version}
            for kind, subject, version in found
            if version is not None
        ]

    def _version_in_force(self, kind: RuleKind, subject: str, at: datetime) -> int | None:
        begun = [
            (one.valid_from, one.version)
            for one in self.versions
            if one.kind is kind and one.subject == subject and one.valid_from <= at
        ]
        return max(begun)[1] if begun else None

    def spend_terms(self, at: datetime) -> SpendTerms:
        """Give the group's terms for paying with points.

        :raises NoRuleInForce: if there are none.
        """
        terms: SpendTerms = self._in_force(RuleKind.SPEND, GROUP, at)
        return terms


_READERS: Mapping[RuleKind, Callable[[RuleVersion], Any]] = {
    RuleKind.UNIT: lambda one: Unit.read(one.subject, one.body),
    RuleKind.EARN: lambda one: EarnRule.read(one.version, one.body),
    RuleKind.RATE: lambda one: Rate.read(one.body),
    RuleKind.SPEND: lambda one: SpendTerms.read(one.version, one.body),
    RuleKind.CAP: lambda one: CapRule.read(one.version, one.body),
    RuleKind.CAMPAIGN: lambda one: Campaign.read(one.subject, one.version, one.body),
    RuleKind.CHECK_IN: lambda one: CheckInTerms.read(one.version, one.body),
    RuleKind.GRANT: lambda one: GrantTerms.read(one.version, one.body),
    RuleKind.CLAIM: lambda one: ClaimTerms.read(one.version, one.body),
    RuleKind.GIFT: lambda one: GiftTerms.read(one.version, one.body),
    RuleKind.OFFER: lambda one: Offer.read(one.subject, one.version, one.body),
    RuleKind.PAIR: lambda one: Rate.read(one.body),
    RuleKind.EXCHANGE: lambda one: ExchangeTerms.read(one.version, one.body),
}


def understood(version: RuleVersion) -> Any:
    """Read a version's body into the frozen class of its kind."""
    return _READERS[version.kind](version)


def merged(rulebook: Rulebook, added: Iterable[RuleVersion]) -> Rulebook:
    """Give the rulebook with these versions added."""
    return Rulebook((*rulebook.versions, *added))


def units_named(version: RuleVersion) -> tuple[str, ...]:
    """Give the units that caps, a campaign or an offer speak of, and the group where it bears a bonus."""
    body = version.body
    if version.kind is RuleKind.CAP:
        return tuple(body.get("exempt") or ())
    if version.kind is RuleKind.CAMPAIGN:
        return (*body["units"], *((GROUP,) if body["bearer"] == GROUP else ()))
    return (body["unit"],) if version.kind is RuleKind.OFFER else ()
