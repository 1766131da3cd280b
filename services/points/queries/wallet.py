"""A person's wallet: what there is of each asset, and what it is worth today."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.points.domain.amounts import Points
from services.points.queries.rules import rulebook
from shared.kernel.calendar import days
from shared.kernel.ids import shown
from shared.runtime.database import Questions

SOON_DAYS = 30

_SQL = """
SELECT asset,
       sum(points_left) FILTER (WHERE available_at <= :at) AS available,
       sum(points_left) FILTER (WHERE available_at > :at) AS pending,
       sum(points_left) FILTER (WHERE expires_at <= :soon) AS expiring,
       min(expires_at) AS next_expiry
FROM lots WHERE is_open AND expires_at > :at
  AND wallet_id IN (SELECT id FROM wallets WHERE holder_id = CAST(:holder AS uuid))
GROUP BY asset ORDER BY asset
"""


def holder_of(questions: Questions, identity: str) -> str | None:
    """Give the canonical id of the holder of an identity, or None before its first touch."""
    row = questions.row("SELECT holder_of(:identity) AS holder", identity=identity)
    return str(row.holder) if row and row.holder else None


def wallet_of(questions: Questions, holder: str, at: datetime) -> Mapping[str, Any]:
    """Give per asset what is available, pending and expiring within 30 days, and its worth in fen."""
    rates = rulebook(questions).rates(at)
    assets = []
    for row in questions.rows(_SQL, at=at, soon=at + days(SOON_DAYS), holder=holder):
        rate = rates.get(row.asset)
        available = Points(int(row.available or 0))
        assets.append(
            {
                "asset": row.asset,
                "available": available,
                "pending": int(row.pending or 0),
                "expiring_soon": int(row.expiring or 0),
                "next_expiry_at": row.next_expiry,
                "worth_fen": rate.worth(available) if rate else 0,
            }
        )
    return {
        "holder": shown("hol", holder),
        "worth_fen": sum(one["worth_fen"] for one in assets),
        "assets": assets,
    }
