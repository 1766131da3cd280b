"""Drafts of the group's rules about exchange by wish: direct rates between two assets, fee and limits."""

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from services.points.domain.exchange_terms import assets_of
from shared.web.faults import broken
from shared.web.fields import Moment, whole
from shared.web.strict import Inbound


class _ExchangeDraft(Inbound):
    # As every draft: without a date it is meant for books that have no journal yet.
    valid_from: Moment = datetime(2000, 1, 1, tzinfo=UTC)


class PairBody(Inbound):
    """How many points of the second asset one point of the first becomes: numerator / denominator."""

    numerator: Annotated[int, whole(1, 1_000_000)]
    denominator: Annotated[int, whole(1, 1_000_000)] = 1


class PairDraft(_ExchangeDraft):
    """A draft about a direct rate between two assets, named as in `RESI-HOTL`."""

    kind: Literal["pair"]
    subject: Annotated[str, Field(strict=True, pattern=r"^[A-Z]{4}-[A-Z]{4}$", max_length=9)]
    body: PairBody

    @model_validator(mode="after")
    def _two_assets(self) -> Self:
        if len(set(assets_of(self.subject))) != 2:
            raise broken("pair", "两种积分必须不同", "the two assets must differ")
        return self


class ExchangeTermsBody(Inbound):
    """A fee in basis points of the value, and limits in group points: a member's day, an issuer's month."""

    fee_bp: Annotated[int, whole(0, 5_000)] = 0
    member_day_points: Annotated[int, whole(0)] | None = None
    pair_month_points: Annotated[int, whole(0)] | None = None


class ExchangeTermsDraft(_ExchangeDraft):
    """A draft about what exchange by wish costs and how much of it there may be."""

    kind: Literal["exchange"]
    subject: Literal["group"]
    body: ExchangeTermsBody


ExchangeRuleDraft = PairDraft | ExchangeTermsDraft
"""Every draft of this file."""
