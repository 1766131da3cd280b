"""What exchange by wish costs, how much of it there may be, and how direct rates are named."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ExchangeTerms:
    """A fee in basis points of the value; limits in group points, None: no limit.

    `member_day_points` is a member's on a business day, `pair_month_points` that of an issuer's points for
    one other asset in a business month.
    """

    version: int
    fee_bp: int
    member_day_points: int | None
    pair_month_points: int | None

    @classmethod
    def read(cls, version: int, body: Mapping[str, Any]) -> "ExchangeTerms":
        """Read the body of the rule."""
        return cls(version, body["fee_bp"], body.get("member_day_points"), body.get("pair_month_points"))


FREE_EXCHANGE = ExchangeTerms(0, 0, None, None)
"""The terms while no rule has said any: no fee and no limits."""


def pair_subject(from_asset: str, to_asset: str) -> str:
    """Name the direct rate between two assets, as in `RESI-HOTL`."""
    return f"{from_asset}-{to_asset}"


def assets_of(subject: str) -> tuple[str, str]:
    """Give the two assets of a direct rate's name."""
    from_asset, _, to_asset = subject.partition("-")
    return from_asset, to_asset
