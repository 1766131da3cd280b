"""A member's own gifts: what waits for the code, what was given, what is over."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.points.queries.asker import OWN_WALLETS
from shared.kernel.ids import shown
from shared.kernel.refusal import NotFound
from shared.runtime.database import Questions

_COLUMNS = "id, receiver, asset, points, asked_at, expires_at, given_at"
_PAGE = f"""
SELECT {_COLUMNS} FROM gifts
WHERE is_known AND giver = :giver AND giver_wallet_id = ANY ({OWN_WALLETS})
  AND (CAST(:before AS uuid) IS NULL OR id < CAST(:before AS uuid))
ORDER BY id DESC LIMIT :limit
"""  # noqa: S608 - its parts are constants of this file
_ONE = f"""
SELECT {_COLUMNS} FROM gifts WHERE is_known AND giver = :giver AND id = CAST(:gift AS uuid)
"""  # noqa: S608 - as above


def gifts_of(
    questions: Questions, giver: str, at: datetime, limit: int, after: Sequence[str] | None
) -> tuple[list[dict[str, Any]], tuple[str] | None]:
    """Give a page of a member's gifts, newest first, and where the next page begins."""
    before = after[0] if after else None
    rows = questions.rows(_PAGE, holder=questions.holder, giver=giver, before=before, limit=limit)
    return [_view(row, at) for row in rows], (str(rows[-1].id),) if len(rows) == limit else None


def gift_of(questions: Questions, giver: str, gift: str, at: datetime) -> dict[str, Any]:
    """Give one gift of a member.

    :raises NotFound: if there is none, or it is somebody else's.
    """
    row = questions.row(_ONE, giver=giver, gift=gift)
    if row is None:
        raise NotFound()
    return _view(row, at)


def _view(row: Any, at: datetime) -> dict[str, Any]:
    unit, colon, number = row.receiver.partition(":")
    waiting = "prepared" if at < row.expires_at else "over"
    return {
        "gift": shown("gft", str(row.id)),
        "state": waiting if row.given_at is None else "given",
        "receiver": {"unit": unit, "number": number} if colon else {"member": row.receiver},
        "asset": row.asset,
        "points": row.points,
        "asked_at": row.asked_at,
        "expires_at": row.expires_at,
        "given_at": row.given_at,
    }
