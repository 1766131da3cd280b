"""Limits as operators read them: each window's budget, how much of it is used and granted to desks."""

from collections.abc import Sequence
from typing import Any

from shared.runtime.database import Questions

_PAGE = """
SELECT b.name, b."window", b.total, b.granted, s.used, b.alerted_at
FROM (SELECT * FROM budgets
      WHERE (CAST(:prefix AS text) IS NULL OR starts_with(name, :prefix))
        AND (CAST(:name AS text) IS NULL OR (name, "window") > (:name, :window))
      ORDER BY name, "window" LIMIT :limit) AS b
CROSS JOIN LATERAL (SELECT coalesce(sum(l.used), 0)::bigint AS used FROM limits l
                    WHERE l.name = b.name AND l."window" = b."window") AS s
ORDER BY b.name, b."window"
"""


def limits_listed(
    questions: Questions, prefix: str | None, limit: int, after: Sequence[str] | None
) -> tuple[list[dict[str, Any]], tuple[str, str] | None]:
    """Give a page of windows by name, and where the next page begins."""
    name, window = after or (None, None)
    rows = questions.rows(_PAGE, prefix=prefix, name=name, window=window, limit=limit)
    last = (rows[-1].name, rows[-1].window) if len(rows) == limit else None
    return [_view(row) for row in rows], last


def _view(row: Any) -> dict[str, Any]:
    return {
        "limit": row.name,
        "window": row.window,
        "total": row.total,
        "used": row.used,
        "left": row.total - row.used,
        "granted": row.granted,
        "alerted_at": row.alerted_at,
    }
