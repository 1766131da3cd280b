"""Captures of holds: the last few beside each hold, in a list by key all of them, in the order of their ids.

An id is drawn when a capture is asked for. Refuses to say who may see a hold and what it paid: policies do.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from services.points.queries.coming_back import SHOWN
from shared.kernel.ids import AFTER_ALL, shown
from shared.kernel.refusal import NotFound
from shared.runtime.database import Questions

_HOLD = "SELECT id FROM holds WHERE id = CAST(:id AS uuid)"
# Hold by hold: a limit over all of them would let one with many captures hide those of the others.
_LAST = """
SELECT h.id AS hold_id, c.id, c.answer::json ->> 'capture_no' AS capture_no, c.paid_fen, c.occurred_at
FROM unnest(CAST(:ids AS uuid[])) AS h(id)
CROSS JOIN LATERAL (SELECT * FROM redemptions
                    WHERE hold_id = h.id AND id < CAST(:before AS uuid) ORDER BY id DESC LIMIT :limit) AS c
ORDER BY h.id, c.id DESC
"""


class Captures(NamedTuple):
    """The last captures of a hold, oldest first, and whether there are earlier ones."""

    last: Sequence[Mapping[str, Any]]
    has_earlier: bool


NONE = Captures([], has_earlier=False)


def last_captures(questions: Questions, hold_ids: Sequence[str]) -> Mapping[str, Captures]:
    """Give the last captures of each hold; one that has none is not told of."""
    rows: dict[str, list[Any]] = {}
    for row in questions.rows(_LAST, ids=list(hold_ids), before=AFTER_ALL, limit=SHOWN + 1):
        rows.setdefault(str(row.hold_id), []).append(row)
    return {
        hold: Captures([_view(row) for row in reversed(found[:SHOWN])], len(found) > SHOWN)
        for hold, found in rows.items()
    }


def captures_of(
    questions: Questions, hold_id: str, limit: int, after: Sequence[str] | None
) -> tuple[list[Mapping[str, Any]], tuple[str] | None]:
    """Give a page of what was captured of a hold, the last first, and where the next page begins.

    :raises NotFound: if there is no such hold, or it is somebody else's.
    """
    if questions.row(_HOLD, id=hold_id) is None:
        raise NotFound()
    before = after[0] if after else AFTER_ALL
    rows = questions.rows(_LAST, ids=[hold_id], before=before, limit=limit)
    return [_view(row) for row in rows], (str(rows[-1].id),) if len(rows) == limit else None


def _view(row: Any) -> dict[str, Any]:
    return {
        "capture_no": row.capture_no,
        "redemption": shown("red", str(row.id)),
        "paid_fen": row.paid_fen,
        "occurred_at": row.occurred_at,
    }
