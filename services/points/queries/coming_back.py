"""What came back of one thing: refunds of a redemption, returns of a purchase, however many there are.

Each row keeps what all of them come to with it, no two of one thing the same: so the last is found by key, it
tells the sum, and a page goes on behind any of them. Refuses to say who may see the thing: policies do.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

import orjson

from shared.kernel.refusal import NotFound
from shared.runtime.database import Questions

SHOWN = 10
"""How many are shown beside the thing itself; the list of them has them all."""

_FIRST_PAGE = str(2**63 - 1)


class ComingBack(Enum):
    """What comes back of what: how one thing is found by its id, and the last rows of it."""

    REFUNDS = (
        "SELECT id FROM redemptions WHERE id = CAST(:id AS uuid)",
        """
        SELECT refunded_fen AS so_far_fen, answer FROM refunds
        WHERE redemption_id = CAST(:id AS uuid) AND refunded_fen < CAST(:before AS bigint)
        ORDER BY refunded_fen DESC LIMIT :limit
        """,
    )
    RETURNS = (
        "SELECT id FROM receipts WHERE id = CAST(:id AS uuid)",
        """
        SELECT returned_fen AS so_far_fen, answer FROM returns
        WHERE receipt_id = CAST(:id AS uuid) AND returned_fen < CAST(:before AS bigint)
        ORDER BY returned_fen DESC LIMIT :limit
        """,
    )

    def __init__(self, thing: str, page: str) -> None:
        self.thing = thing
        self.page = page


def last_of(
    questions: Questions, back: ComingBack, thing_id: str
) -> tuple[int, bool, list[Mapping[str, Any]]]:
    """Give how many fen came back in all, whether there are more than are told, and the last few in order."""
    rows = questions.rows(back.page, id=thing_id, before=_FIRST_PAGE, limit=SHOWN + 1)
    answers = [orjson.loads(row.answer) for row in reversed(rows[:SHOWN])]
    return rows[0].so_far_fen if rows else 0, len(rows) > SHOWN, answers


def page_of(
    questions: Questions, back: ComingBack, thing_id: str, limit: int, after: Sequence[str] | None
) -> tuple[list[Mapping[str, Any]], tuple[str] | None]:
    """Give a page of what came back, the last first, and where the next page begins.

    :raises NotFound: if there is no such thing, or it is somebody else's.
    """
    if questions.row(back.thing, id=thing_id) is None:
        raise NotFound()
    before = after[0] if after else _FIRST_PAGE
    rows = questions.rows(back.page, id=thing_id, before=before, limit=limit)
    data = [orjson.loads(row.answer) for row in rows]
    return data, (str(rows[-1].so_far_fen),) if len(rows) == limit else None
