"""Drafts of the group's rules about exchange by wish: direct rates between two assets, fee and limits."""

from typing import Annotated, Literal, Self

from pydantic import model_validator

from services.points.api.draft import Draft, GroupDraft
from services.points.api.earn_rules import BUDGET_MOST
from services.points.domain.exchange_terms import assets_of
from shared.web.faults import broken
from shared.web.fields import Form, whole
from shared.web.strict import Inbound

PairCode = Annotated[
    str,
    Form(
        "^[A-Z]{4}-[A-Z]{4}$",
        9,
        "两种积分的代码，例如 RESI-HOTL",
        "the codes of two assets, like RESI-HOTL",
    ),
]
"""From which asset into which."""


class PairBody(Inbound):
    """How many points of the second asset one point of the first becomes: numerator / denominator."""

    numerator: Annotated[int, whole(1, 1_000_000)]
    denominator: Annotated[int, whole(1, 1_000_000)] = 1


class PairDraft(Draft):
    """A draft about a direct rate between two assets, named as in `RESI-HOTL`."""

    kind: Literal["pair"]
    subject: PairCode
    body: PairBody

    @model_validator(mode="after")
    def _two_assets(self) -> Self:
        if len(set(assets_of(self.subject))) != 2:
            raise broken("pair", "两种积分必须不同", "the two assets must differ")
        return self


class ExchangeTermsBody(Inbound):
    """A fee in basis points of the value, and limits in group points: a member's day, an issuer's month."""

    fee_bp: Annotated[int, whole(0, 5_000)] = 0
    member_day_points: Annotated[int, whole(0, BUDGET_MOST)] | None = None
    pair_month_points: Annotated[int, whole(0, BUDGET_MOST)] | None = None


class ExchangeTermsDraft(GroupDraft):
    """A draft about what exchange by wish costs and how much of it there may be."""

    kind: Literal["exchange"]
    body: ExchangeTermsBody


ExchangeRuleDraft = PairDraft | ExchangeTermsDraft
"""Every draft of this file."""
