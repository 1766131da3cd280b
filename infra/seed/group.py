"""The demo group as data. Source of all figures: the rule table that the group was given.

`make docs` writes them as a page, docs/generated/rules.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class UnitSeed:
    """A settling unit: its asset, its name, and what its receipts earn (points, fen, cap, pending days)."""

    code: str
    asset: str
    zh: str
    en: str
    points: int
    per_fen: int
    pending_days: int
    cap: int | None = None


UNITS = (
    UnitSeed("residential", "RESI", "住宅", "Residential", 5_000, 100_000_000, 0, 50_000),
    UnitSeed("mall-east", "MALL", "东区商场", "Mall East", 1, 1_000, 7),
    UnitSeed("mall-west", "MALL", "西区商场", "Mall West", 1, 1_000, 7),
    UnitSeed("hotel", "HOTL", "酒店", "Hotel", 3, 100, 14),
    UnitSeed("office", "OFFI", "写字楼", "Office", 1, 200, 0),
    UnitSeed("property", "PROP", "物业", "Property Services", 1, 1_000, 0),
)

GROUP, GROUP_POINT = "group", "GRUP"
"""The group settles like a unit: what it gives (a check-in) it bears. It has no till and no receipts."""

RATES = {"MALL": 5, "HOTL": 1, "OFFI": 1, "PROP": 1, "RESI": 1, "GRUP": 1}
"""What one point of an asset is worth in group points (1 group point = 1 fen)."""

EXPIRY_MONTHS = 24
MINIMUM_FEN = 100
SHARE_BP = 5_000
CHECK_IN_POINTS = tuple(range(1, 11))
"""What the days of a streak of check-ins bring, in group points; ten on every day from the tenth."""

GRANT_MOST_FEN = 1_000_000
"""What one grant or deduction by hand may be worth: ¥10,000."""

GRANT_UNIT_DAY_FEN = 5 * GRANT_MOST_FEN
"""What all grants of one unit that are approved on one business day may be worth: ¥50,000."""

GIFT_DAY_FEN, GIFTS_PER_DAY = 100_000, 10
"""What one member may give others a day: worth ¥1,000, in at most ten gifts."""

MEMBER_DAY_POINTS = 100_000
"""What a member may exchange in a day, in group points."""

PAIR_MONTH_POINTS = 5_000_000
"""What an issuer's points may bring of another unit's asset in a month, in group points: ¥50,000."""
CLAIMS_PER_DAY, CLAIMED_BACK = 10, 30
"""How many photographed receipts a member may claim a day, and for how many days after the purchase."""

ACCEPTED_ALONE_FEN = 500_000
"""Up to which amount one person alone accepts a receipt in doubt: ¥5,000."""

TAXI_FEN, TAXIS_PER_DAY = 2_000, 3
"""What a taxi coupon costs, ¥20, and how many one member may have a day. The group sells it."""

OPERATORS = ("operator-1", "operator-2")


def drafts() -> Iterator[dict[str, Any]]:
    """Yield every rule of the group as the rules door takes it, units first."""
    yield {
        "kind": "unit",
        "subject": GROUP,
        "body": {"asset": GROUP_POINT, "name": {"zh": "集团", "en": "Group"}},
    }
    for unit in UNITS:
        body = {"asset": unit.asset, "name": {"zh": unit.zh, "en": unit.en}}
        yield {"kind": "unit", "subject": unit.code, "body": body}
    for unit in UNITS:
        terms: dict[str, Any] = {
            "points": unit.points,
            "per_fen": unit.per_fen,
            "pending_days": unit.pending_days,
            "expiry_months": EXPIRY_MONTHS,
        }
        if unit.cap is not None:
            terms["cap"] = unit.cap
        yield {"kind": "earn", "subject": unit.code, "body": terms}
    for asset, numerator in RATES.items():
        yield {"kind": "rate", "subject": asset, "body": {"numerator": numerator, "denominator": 1}}
    yield {"kind": "spend", "subject": GROUP, "body": {"minimum_fen": MINIMUM_FEN, "share_bp": SHARE_BP}}
    yield from _other_ways()


def _other_ways() -> Iterator[dict[str, Any]]:
    check_in = {"points": list(CHECK_IN_POINTS), "expiry_months": EXPIRY_MONTHS}
    yield {"kind": "check-in", "subject": GROUP, "body": check_in}
    grant = {
        "most_fen": GRANT_MOST_FEN,
        "expiry_months": EXPIRY_MONTHS,
        "unit_day_fen": GRANT_UNIT_DAY_FEN,
    }
    yield {"kind": "grant", "subject": GROUP, "body": grant}
    gift = {"day_fen": GIFT_DAY_FEN, "per_day": GIFTS_PER_DAY, "confirm_s": 600}
    yield {"kind": "gift", "subject": GROUP, "body": gift}
    claim = {"per_day": CLAIMS_PER_DAY, "back_days": CLAIMED_BACK, "alone_fen": ACCEPTED_ALONE_FEN}
    yield {"kind": "claim", "subject": GROUP, "body": claim}
    taxi = {
        "name": {"zh": "20 元打车券", "en": "¥20 taxi coupon"},
        "partner": "taxi",
        "unit": GROUP,
        "price_fen": TAXI_FEN,
        "per_day": TAXIS_PER_DAY,
    }
    yield {"kind": "offer", "subject": "taxi-20", "body": taxi}


TIERS = {"1": 12_000, "2": 15_000, "3": 20_000}
"""What tiers multiply earning by, in basis points."""

FOOD = {"food": {"points": 1, "per_fen": 5_000}}
"""Food and drink earn at a fifth of the mall's rate."""

CAPS = {"points_per_day": 5_000, "receipts_per_store": 10, "exempt": ["residential", "hotel"]}
"""A member's day: points worth so many group points, flats and hotel stays aside; receipts of one store."""


def later_drafts(valid_from: str) -> Iterator[dict[str, Any]]:
    """Yield the rules that hold from a moment on, and not for replays: tiers, categories, caps, exchange."""
    for draft in drafts():
        if draft["kind"] == "earn":
            food = {"categories": FOOD} if draft["subject"].startswith("mall-") else {}
            yield {**draft, "valid_from": valid_from, "body": {**draft["body"], "tiers": TIERS, **food}}
    yield {"kind": "cap", "subject": GROUP, "valid_from": valid_from, "body": CAPS}
    terms = {"fee_bp": 0, "member_day_points": MEMBER_DAY_POINTS, "pair_month_points": PAIR_MONTH_POINTS}
    yield {"kind": "exchange", "subject": GROUP, "valid_from": valid_from, "body": terms}


def clients() -> Iterator[dict[str, Any]]:
    """Yield every system as the clients door takes it, without its key: tills, then the importer."""
    for unit in UNITS:
        yield {"client": f"till-{unit.code}", "role": "unit-system", "unit": unit.code}
    yield {"client": "importer", "role": "importer"}
