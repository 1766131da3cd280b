"""Sheets of opening balances: what was announced, who approved it, how much was brought in so far."""

from collections.abc import Sequence
from typing import Any

from services.points.queries.newest import newest
from shared.kernel.ids import shown
from shared.kernel.refusal import NotFound
from shared.runtime.database import Questions

# How much was taken is counted line by line, of the sheets shown alone: no row keeps it.
_TAKEN = """
SELECT s.id, s.unit, s.digest, s.lines, s.points, s.asked_by, s.asked_at, s.approved_by, s.approved_at,
       o.lines AS taken_lines, o.points AS taken_points
FROM (SELECT * FROM opening_sheets WHERE {which}) AS s CROSS JOIN LATERAL (
    SELECT count(*) AS lines, coalesce(sum(points), 0)::bigint AS points
    FROM openings WHERE sheet_id = s.id) AS o
ORDER BY s.id DESC
"""
_ONE = _TAKEN.format(which="id = CAST(:id AS uuid)")


def sheet_of(questions: Questions, sheet: str) -> dict[str, Any]:
    """Give one sheet.

    :raises NotFound: if there is none, or it is another unit's.
    """
    row = questions.row(_ONE, id=sheet)
    if row is None:
        raise NotFound()
    return _view(row)


def sheets_listed(
    questions: Questions, limit: int, after: Sequence[str] | None
) -> tuple[list[dict[str, Any]], tuple[str] | None]:
    """Give a page of sheets, newest first, and where the next page begins."""
    page = newest(questions, {}, limit, after)
    rows = questions.rows(_TAKEN.format(which=page.rows), **page.parameters)
    return [_view(row) for row in rows], (str(rows[-1].id),) if len(rows) == limit else None


def _view(row: Any) -> dict[str, Any]:
    return {
        "sheet": shown("sht", str(row.id)),
        "unit": row.unit,
        "digest": row.digest,
        "lines": row.lines,
        "points": row.points,
        "asked_by": row.asked_by,
        "asked_at": row.asked_at,
        "approved_by": row.approved_by,
        "approved_at": row.approved_at,
        "taken_lines": row.taken_lines,
        "taken_points": row.taken_points,
    }
