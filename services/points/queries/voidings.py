"""Voidings as those who asked for them see them: whose coupon, by whom, why, and what the partner said."""

from collections.abc import Sequence
from typing import Any

from services.points.domain.voiding import voiding_number
from services.points.domain.voucher import request_number
from services.points.queries.newest import newest
from shared.kernel.ids import shown
from shared.runtime.database import Questions

_LISTED = """
SELECT d.id, d.voucher_id, d.state, d.unit, d.reason, d.asked_by, d.asked_at, d.settled_at, d.refund_id,
       v.offer, v.partner, v.price_fen
FROM (SELECT * FROM voidings WHERE {which}) AS d
LEFT JOIN LATERAL (SELECT offer, partner, price_fen FROM vouchers
                   WHERE id = d.voucher_id OFFSET 0) AS v ON true
ORDER BY d.id DESC
"""


def voidings_listed(
    questions: Questions, state: str | None, limit: int, after: Sequence[str] | None
) -> tuple[list[dict[str, Any]], tuple[str] | None]:
    """Give a page of the voidings that the asker may see, newest first, and where the next page begins."""
    page = newest(questions, {"state": state}, limit, after)
    rows = questions.rows(_LISTED.format(which=page.rows), **page.parameters)
    return [_view(row) for row in rows], (str(rows[-1].id),) if len(rows) == limit else None


def _view(row: Any) -> dict[str, Any]:
    return {
        "voiding": voiding_number(str(row.id)),
        "voucher": request_number(str(row.voucher_id)),
        "state": row.state,
        "offer": row.offer,
        "partner": row.partner,
        "unit": row.unit,
        "price_fen": row.price_fen,
        "reason": row.reason,
        "asked_by": row.asked_by,
        "asked_at": row.asked_at,
        "settled_at": row.settled_at,
        "refund": None if row.refund_id is None else shown("rfd", str(row.refund_id)),
    }
