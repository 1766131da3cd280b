"""A person's history: journals newest first, each with what came and went."""

from collections.abc import Sequence
from typing import Any

from shared.kernel.ids import shown
from shared.runtime.database import Questions

_PAGE = """
SELECT j.month, j.id, j.kind, j.unit, j.occurred_at, coalesce(r.order_no, h.order_no) AS order_no,
       c.number AS receipt_no
FROM journals j
LEFT JOIN refunds f ON f.id = j.subject
LEFT JOIN redemptions r ON r.id = coalesce(f.redemption_id, j.subject)
LEFT JOIN holds h ON h.id = j.subject
LEFT JOIN returns b ON b.id = j.subject
LEFT JOIN receipts c ON c.id = coalesce(b.receipt_id, j.subject)
WHERE j.holder_id = ANY (ARRAY(SELECT first_holder_id FROM wallets WHERE holder_id = CAST(:holder AS uuid))
                         || CAST(:holder AS uuid))
  AND (CAST(:before AS timestamptz) IS NULL
       OR (j.occurred_at, j.id) < (CAST(:before AS timestamptz), CAST(:before_id AS uuid)))
ORDER BY j.occurred_at DESC, j.id DESC LIMIT :limit
"""

_MOVEMENTS = """
SELECT t.journal_id, t.asset,
       sum(CASE WHEN w.account = t.to_account THEN t.amount ELSE -t.amount END) AS points
FROM transfers t JOIN wallets w ON w.account IN (t.from_account, t.to_account)
WHERE t.journal_id = ANY (CAST(:journals AS uuid[])) AND w.holder_id = CAST(:holder AS uuid)
GROUP BY t.journal_id, t.asset ORDER BY t.asset
"""


def history(
    questions: Questions, limit: int, after: Sequence[str] | None
) -> tuple[list[dict[str, Any]], tuple[str, str] | None]:
    """Give a page of the asking holder's journals and where the next page begins.

    What a number did before it was linked is booked under the holder it had first; it belongs to this story.
    """
    holder, (before, before_id) = questions.holder, after or (None, None)
    page = questions.rows(_PAGE, holder=holder, before=before, before_id=before_id, limit=limit)
    moved: dict[str, list[dict[str, Any]]] = {}
    for row in questions.rows(_MOVEMENTS, holder=holder, journals=[str(one.id) for one in page]):
        if row.points:
            moved.setdefault(str(row.journal_id), []).append({"asset": row.asset, "points": int(row.points)})
    data = [
        {
            "journal": shown("jrn", str(row.id)),
            "kind": row.kind,
            "unit": row.unit,
            "occurred_at": row.occurred_at,
            "order_no": row.order_no,
            "receipt_no": row.receipt_no,
            "movements": moved.get(str(row.id), []),
        }
        for row in page
    ]
    last = (page[-1].occurred_at.isoformat(), str(page[-1].id)) if len(page) == limit else None
    return data, last
