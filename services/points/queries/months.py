"""Months as people read them: state, statements, and the group's figures."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import orjson

from shared.kernel.ids import shown
from shared.kernel.refusal import NotFound
from shared.runtime.database import Questions

_MONTHS = """
SELECT m.month, m.state, m.opened_at, m.sealed_at, s.figures
FROM months m LEFT JOIN summaries s ON s.month = m.month
WHERE :month IS NULL OR m.month = CAST(:month AS date) ORDER BY m.month
"""

_STATEMENTS = """
SELECT month, id, unit, net_fen FROM statements
WHERE (:unit = '*' OR unit = :unit) AND (:month IS NULL OR month = CAST(:month AS date)) ORDER BY month, unit
"""


def months_listed(questions: Questions) -> list[dict[str, Any]]:
    """List all months, oldest first, without figures."""
    return [view for view, _ in _seen(questions, None)]


def month_view(questions: Questions, month: date, *, whole: bool) -> Mapping[str, Any]:
    """Give one month; with `whole`, the figures of all units once its statements are issued.

    :raises NotFound: if it was never opened.
    """
    seen = _seen(questions, month.isoformat())
    if not seen:
        raise NotFound()
    ((view, figures),) = seen
    return {**orjson.loads(figures), **view} if whole and figures else view


def _seen(questions: Questions, month: str | None) -> list[tuple[dict[str, Any], str | None]]:
    """Give months with their figures, as far as the reader may see them."""
    # Statements first: whoever sees one then sees the figures too, which are saved together with them.
    statements: dict[date, list[dict[str, Any]]] = {}
    for one in questions.rows(_STATEMENTS, unit=questions.unit, month=month):
        link = {"statement": shown("stm", str(one.id)), "unit": one.unit, "net_fen": one.net_fen}
        statements.setdefault(one.month, []).append(link)
    return [
        (
            {
                "month": row.month.strftime("%Y-%m"),
                "state": row.state,
                "opened_at": row.opened_at,
                "sealed_at": row.sealed_at,
                # Of a month that was issued everybody has a statement, and sees no other.
                "statements_issued": row.month in statements,
                "statements": statements.get(row.month, []),
            },
            row.figures,
        )
        for row in questions.rows(_MONTHS, month=month)
    ]
