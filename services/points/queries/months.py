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


def months_listed(questions: Questions) -> list[dict[str, Any]]:
    """List all months, oldest first, without figures."""
    return [_view(questions, row) for row in questions.rows(_MONTHS, month=None)]


def month_view(questions: Questions, month: date, *, whole: bool) -> Mapping[str, Any]:
    """Give one month; with `whole`, the figures of all units once its statements are issued.

    :raises NotFound: if it was never opened.
    """
    rows = questions.rows(_MONTHS, month=month.isoformat())
    if not rows:
        raise NotFound()
    view = _view(questions, rows[0])
    return {**orjson.loads(rows[0].figures), **view} if whole and rows[0].figures else view


def _view(questions: Questions, row: Any) -> dict[str, Any]:
    statements = questions.rows(
        "SELECT id, unit, net_fen FROM statements WHERE month = :month ORDER BY unit", month=row.month
    )
    return {
        "month": row.month.strftime("%Y-%m"),
        "state": row.state,
        "opened_at": row.opened_at,
        "sealed_at": row.sealed_at,
        # Of a month that was issued everybody has a statement, and sees no other.
        "statements_issued": bool(statements),
        "statements": [
            {"statement": shown("stm", str(one.id)), "unit": one.unit, "net_fen": one.net_fen}
            for one in statements
        ],
    }
