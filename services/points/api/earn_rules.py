"""Bodies of the rules of earning, as drafts take them: earn rules, caps, campaigns."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from services.points.api.draft import Months
from services.points.domain.bounds import POINTS_MOST
from shared.web.faults import broken
from shared.web.fields import Form, Moment, Text, UnitCode, code_form, whole
from shared.web.strict import Inbound

STEP_POINTS_MOST, STEP_FEN_MOST = 1_000_000, 10_000_000_000
"""The largest step of a rate: so many points for every so many fen."""

BUDGET_MOST = POINTS_MOST
"""As much as the largest receipt may earn: what limits more limits nothing."""
BP_MOST = 100_000
"""Ten times as much: more is a slip of the pen."""

CategoryCode = Annotated[str, code_form("food", least=1)]
"""The code of a category of goods, like `food`."""

CampaignCode = Annotated[str, code_form("spring-2027")]
"""The code of a campaign, like `spring-2027`."""

TierCode = Annotated[str, Form("^[0-9]$", 1, "会员等级 0 至 9", "a tier, 0 to 9")]
"""A tier as the name of a member of an object: 0 to 9."""


class NameBody(Inbound):
    """A name in both languages."""

    zh: Annotated[str, Text(40)]
    en: Annotated[str, Text(40)]


class EarnRateBody(Inbound):
    """Points for every `per_fen` of cash paid."""

    points: Annotated[int, whole(1, STEP_POINTS_MOST)]
    per_fen: Annotated[int, whole(1, STEP_FEN_MOST)]


class EarnTerms(EarnRateBody):
    """Points for every `per_fen` of cash paid, at most `cap` a receipt; pending days, months until expiry.

    `categories` earn at rates of their own; `tiers` multiply, in basis points (10,000: once), and a tier that
    is not listed counts as the next lower one. Rounded down once, after both.
    """

    cap: Annotated[int, whole(1, 1_000_000_000)] | None = None
    pending_days: Annotated[int, whole(0, 730)] = 0
    expiry_months: Months = 24
    categories: Annotated[dict[CategoryCode, EarnRateBody], Field(min_length=1, max_length=50)] | None = None
    tiers: (
        Annotated[dict[TierCode, Annotated[int, whole(1, BP_MOST)]], Field(min_length=1, max_length=10)]
        | None
    ) = None


class CapTerms(Inbound):
    """What a member may earn on a business day: points worth so much in group points, receipts per store.

    Units in `exempt` neither count for the day's points nor are cut by them. What is left out does not limit.
    """

    points_per_day: Annotated[int, whole(1, 1_000_000_000)] | None = None
    receipts_per_store: Annotated[int, whole(1, 1_000)] | None = None
    exempt: Annotated[list[UnitCode], Field(max_length=100)] | None = None


class CampaignTerms(Inbound):
    """A bonus at some units until a moment (exclusive), out of a budget that is never passed.

    Either `bonus_bp` basis points of what the receipt is worth at the unit's rates, or `bonus_points`. Borne
    by the unit, in its points and with a budget each, or by the group in group points out of one budget.
    """

    name: NameBody
    units: Annotated[list[UnitCode], Field(min_length=1, max_length=100)]
    until: Moment
    bearer: Literal["unit", "group"]
    budget: Annotated[int, whole(1, BUDGET_MOST)]
    bonus_bp: Annotated[int, whole(1, BP_MOST)] | None = None
    bonus_points: Annotated[int, whole(1, STEP_POINTS_MOST)] | None = None
    minimum_fen: Annotated[int, whole(1, STEP_FEN_MOST)] | None = None
    categories: Annotated[list[CategoryCode], Field(min_length=1, max_length=50)] | None = None
    tiers: Annotated[list[Annotated[int, whole(0, 9)]], Field(min_length=1, max_length=10)] | None = None

    @model_validator(mode="after")
    def _one_bonus(self) -> Self:
        if (self.bonus_bp is None) == (self.bonus_points is None):
            raise broken(
                "bonus",
                "bonus_bp 与 bonus_points 必须且只能填写其一",
                "exactly one of bonus_bp and bonus_points is needed",
            )
        return self
