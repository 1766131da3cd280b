"""A person's history: journals newest first, each with what came and went."""

from collections.abc import Sequence
from typing import Any

from services.points.queries.asker import HOLDERS_OF_THEN
from shared.kernel.ids import AFTER_ALL, shown
from shared.runtime.database import Questions

# Each holder's own are walked over an index, back from where the page before ended and no further than a page
# (newest.py says why whole rows are compared): not all that somebody has ever done is sorted for fifty of it.
# What a journal was about is looked up key by key (LATERAL, OFFSET 0): a join would be free to read the
# receipts of everybody, and with the policies' guesses of how many one may see it would. Of two keys one is
# chosen beforehand: what is chosen in the condition itself is asked only of rows that passed the policy.
_PAGE = f"""
SELECT j.month, j.id, j.kind, j.unit, j.occurred_at, coalesce(r.order_no, h.order_no) AS order_no,
       c.number AS receipt_no,
       CASE j.kind WHEN 'refund' THEN o.redemption_id WHEN 'return' THEN o.receipt_id
                   ELSE j.subject END AS about
FROM (SELECT own.* FROM (SELECT DISTINCT unnest({HOLDERS_OF_THEN}) AS holder_id) AS h
      CROSS JOIN LATERAL (
          SELECT * FROM journals
          WHERE holder_id >= h.holder_id
            AND (holder_id, occurred_at, id)
                < (h.holder_id, CAST(:before AS timestamptz), CAST(:before_id AS uuid))
          ORDER BY holder_id DESC, occurred_at DESC, id DESC LIMIT :limit) AS own
      ORDER BY own.occurred_at DESC, own.id DESC LIMIT :limit) AS j
LEFT JOIN LATERAL (SELECT redemption_id FROM refunds WHERE id = j.subject OFFSET 0) AS f ON true
LEFT JOIN LATERAL (SELECT receipt_id FROM returns WHERE id = j.subject OFFSET 0) AS b ON true
CROSS JOIN LATERAL (SELECT coalesce(f.redemption_id, j.subject) AS redemption_id,
                           coalesce(b.receipt_id, j.subject) AS receipt_id OFFSET 0) AS o
LEFT JOIN LATERAL (SELECT order_no FROM redemptions WHERE id = o.redemption_id OFFSET 0) AS r ON true
LEFT JOIN LATERAL (SELECT order_no FROM holds WHERE id = j.subject OFFSET 0) AS h ON true
LEFT JOIN LATERAL (SELECT number FROM receipts WHERE id = o.receipt_id OFFSET 0) AS c ON true
ORDER BY j.occurred_at DESC, j.id DESC
"""  # noqa: S608 - its parts are constants

# The lines of a page are read once, not once for each number that its holder has. What is on hold has the
# account of its wallet with the sign turned.
_MOVEMENTS = """
SELECT t.journal_id, t.asset,
       sum(CASE WHEN t.to_account = ANY (h.own) THEN t.amount ELSE 0 END
           - CASE WHEN t.from_account = ANY (h.own) THEN t.amount ELSE 0 END) AS points,
       sum(CASE WHEN t.to_account = ANY (h.held) THEN t.amount ELSE 0 END
           - CASE WHEN t.from_account = ANY (h.held) THEN t.amount ELSE 0 END) AS on_hold
FROM transfers t,
     (SELECT array_agg(account) AS own, array_agg(-account) AS held
      FROM wallets WHERE holder_id = CAST(:holder AS uuid)) AS h
WHERE t.month = ANY (CAST(:months AS date[])) AND t.journal_id = ANY (CAST(:journals AS uuid[]))
  AND (t.from_account = ANY (h.own || h.held) OR t.to_account = ANY (h.own || h.held))
GROUP BY t.journal_id, t.asset ORDER BY t.asset
"""

_READ_UNDER = {
    **dict.fromkeys(("redemption", "capture", "refund"), "red"),
    **dict.fromkeys(("hold", "release"), "hld"),
    **dict.fromkeys(("earning", "return"), "rcp"),
    "exchange": "exc",
    "gift": "gft",
}
"""The prefix of the id under which more is to be read of a journal of that kind, where there is more."""

FROM_THE_LAST = ("infinity", AFTER_ALL)
"""Where a history begins: behind nothing."""


def history(
    questions: Questions, limit: int, after: Sequence[str] | None
) -> tuple[list[dict[str, Any]], tuple[str, str] | None]:
    """Give a page of the asking holder's journals and where the next page begins.

    What a number did before it was linked is booked under the holder it had first; it belongs to this story.
    """
    holder, (before, before_id) = questions.holder, after or FROM_THE_LAST
    page = questions.rows(_PAGE, holder=holder, before=before, before_id=before_id, limit=limit)
    moved: dict[str, list[dict[str, Any]]] = {}
    on_hold: dict[str, list[dict[str, Any]]] = {}
    booked = {"months": [one.month for one in page], "journals": [str(one.id) for one in page]}
    for row in questions.rows(_MOVEMENTS, holder=holder, **booked):
        for kept, points in ((moved, int(row.points)), (on_hold, int(row.on_hold))):
            if points:
                kept.setdefault(str(row.journal_id), []).append({"asset": row.asset, "points": points})
    data = [
        {
            "journal": shown("jrn", str(row.id)),
            "kind": row.kind,
            "unit": row.unit,
            "occurred_at": row.occurred_at,
            "order_no": row.order_no,
            "receipt_no": row.receipt_no,
            "about": shown(_READ_UNDER[row.kind], str(row.about)) if row.kind in _READ_UNDER else None,
            "movements": moved.get(str(row.id), []),
            "on_hold": on_hold.get(str(row.id), []),
        }
        for row in page
    ]
    last = (page[-1].occurred_at.isoformat(), str(page[-1].id)) if len(page) == limit else None
    return data, last
