"""Grants and deductions as people read them: who asked for whom and why, who decided."""

from collections.abc import Sequence
from typing import Any

from services.points.domain.adjustment import PREFIXES, AdjustmentKind, AdjustmentState
from services.points.queries.newest import newest
from shared.kernel.ids import shown
from shared.runtime.database import Questions

_LISTED = """
SELECT id, kind, unit, identity, points, reason, asked_by, asked_at, state, decided_by, decided_at, remark
FROM adjustments WHERE
"""


def adjustments(
    questions: Questions,
    kind: AdjustmentKind,
    state: AdjustmentState | None,
    limit: int,
    after: Sequence[str] | None,
) -> tuple[list[dict[str, Any]], tuple[str] | None]:
    """Give a page of requests, newest first, and where the next page begins."""
    named = None if state is None else state.value
    page = newest(questions, {"kind": kind.value, "state": named}, limit, after)
    rows = questions.rows(_LISTED + page.rows, **page.parameters)
    last = (str(rows[-1].id),) if len(rows) == limit else None
    return [_view(row) for row in rows], last


def _view(row: Any) -> dict[str, Any]:
    unit, colon, number = row.identity.partition(":")
    receiver = {"unit": unit, "number": number} if colon else {"member": row.identity}
    return {
        row.kind: shown(PREFIXES[AdjustmentKind(row.kind)], str(row.id)),
        "unit": row.unit,
        "receiver": receiver,
        "points": row.points,
        "reason": row.reason,
        "state": row.state,
        "asked_by": row.asked_by,
        "asked_at": row.asked_at,
        "decided_by": row.decided_by,
        "decided_at": row.decided_at,
        "remark": row.remark,
    }
