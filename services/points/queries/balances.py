"""Balances of all holders, in the order of their ids."""

from datetime import datetime
from typing import Any

from shared.kernel.ids import BEFORE_ALL, shown
from shared.runtime.database import Questions

# A holder whose wallets were linked to somebody else has none left, and takes no place on a page.
_PAGE = """
SELECT DISTINCT holder_id AS id FROM wallets WHERE holder_id > CAST(:after AS uuid)
ORDER BY holder_id LIMIT :limit
"""

_SQL = """
SELECT w.holder_id, array_agg(DISTINCT w.identity) AS identities, l.asset, sum(l.points_left) AS points
FROM wallets w LEFT JOIN lots l ON l.wallet_id = w.id AND l.is_open AND l.expires_at > :at
WHERE w.holder_id = ANY (CAST(:holders AS uuid[])) GROUP BY w.holder_id, l.asset ORDER BY w.holder_id
"""

# Points on hold do not expire, and whoever adds up what a holder has must not forget them.
_HELD = """
SELECT w.holder_id, l.asset, sum(s.points_left) AS points
FROM holds h
JOIN hold_slices s ON s.hold_id = h.id AND s.points_left > 0
JOIN lots l ON l.id = s.lot_id
JOIN wallets w ON w.id = l.wallet_id AND w.holder_id = ANY (CAST(:holders AS uuid[]))
WHERE h.is_open AND h.holder_id = ANY (
    ARRAY(SELECT first_holder_id FROM wallets WHERE holder_id = ANY (CAST(:holders AS uuid[])))
    || CAST(:holders AS uuid[]))
GROUP BY w.holder_id, l.asset
"""


def balances(
    questions: Questions, at: datetime, limit: int, after: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """Give a page of holders: points not expired at that moment, points on hold; where the next begins."""
    holders = [str(row.id) for row in questions.rows(_PAGE, after=after or BEFORE_ALL, limit=limit)]
    found: dict[str, dict[str, Any]] = {}
    for row in questions.rows(_SQL, at=at, holders=holders):
        view = found.setdefault(
            str(row.holder_id),
            {
                "holder": shown("hol", str(row.holder_id)),
                "member": None,
                "numbers": {},
                "balances": {},
                "held": {},
            },
        )
        for identity in row.identities:
            unit, colon, number = identity.partition(":")
            if colon:
                view["numbers"][unit] = number
            else:
                view["member"] = identity
        if row.asset is not None:
            view["balances"][row.asset] = int(row.points)
    for row in questions.rows(_HELD, holders=holders):
        found[str(row.holder_id)]["held"][row.asset] = int(row.points)
    return list(found.values()), holders[-1] if len(holders) == limit else None
