"""Bodies of the rules of earning, as drafts take them: earn rules and caps."""

from typing import Annotated

from pydantic import Field

from shared.web.fields import Text, UnitCode, whole
from shared.web.strict import Inbound

POINTS_MOST, FEN_MOST = 1_000_000, 10_000_000_000
BP_MOST = 100_000
"""Ten times as much: more is a slip of the pen."""

CategoryCode = Annotated[str, Field(strict=True, pattern=r"^[a-z][a-z0-9-]{0,31}$", max_length=32)]
"""The code of a category of goods, like `food`."""

TierCode = Annotated[str, Field(strict=True, pattern=r"^[0-9]$", max_length=1)]
"""A tier as the name of a member of an object: 0 to 9."""


class NameBody(Inbound):
    """A name in both languages."""

    zh: Annotated[str, Text(40)]
    en: Annotated[str, Text(40)]


class EarnRateBody(Inbound):
    """Points for every `per_fen` of cash paid."""

    points: Annotated[int, whole(1, POINTS_MOST)]
    per_fen: Annotated[int, whole(1, FEN_MOST)]


class EarnTerms(EarnRateBody):
    """Points for every `per_fen` of cash paid, at most `cap` a receipt; pending days, months until expiry.

    `categories` earn at rates of their own; `tiers` multiply, in basis points (10,000: once), and a tier that
    is not listed counts as the next lower one. Rounded down once, after both.
    """

    cap: Annotated[int, whole(1, 1_000_000_000)] | None = None
    pending_days: Annotated[int, whole(0, 730)] = 0
    expiry_months: Annotated[int, whole(1, 120)] = 24
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
