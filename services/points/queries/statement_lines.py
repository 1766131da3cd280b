"""The lines behind a statement: every movement that the unit took part in, down to order and receipt."""

from collections.abc import Sequence
from typing import Any

from shared.kernel.ids import BEFORE_ALL, shown
from shared.kernel.refusal import NotFound
from shared.runtime.database import Questions

LAST_LINE = 2**63 - 1
"""Behind every line of a journal."""

# The unit's journals first, over the index that a sealed month has of each unit: in the order of lines the
# month would be read through for whoever took part in little of it. One more than lines are wanted, since the
# one that the page before ended in may be told already.
_JOURNALS = """
SELECT id FROM journals
WHERE month = :month AND :unit = ANY (sides) AND id >= CAST(:journal AS uuid) ORDER BY id LIMIT :limit + 1
"""
_LINES = """
WITH page AS (
    SELECT t.month, t.id, t.journal_id, j.kind, j.occurred_at, t.asset, t.amount, t.worth_fen,
           f.unit AS payer, g.unit AS payee
    FROM unnest(CAST(:journals AS uuid[])) AS n(id)
    CROSS JOIN LATERAL (SELECT * FROM journals WHERE month = :month AND id = n.id OFFSET 0) AS j
    CROSS JOIN LATERAL (SELECT * FROM transfers WHERE month = :month AND journal_id = n.id OFFSET 0) AS t
    LEFT JOIN LATERAL (SELECT issuer FROM lots WHERE id = t.lot_id OFFSET 0) AS l ON true
    LEFT JOIN accounts f ON f.id = t.from_account AND f.role = 'clearing'
    LEFT JOIN accounts g ON g.id = t.to_account AND g.role = 'clearing'
    WHERE (t.journal_id, t.id) > (CAST(:journal AS uuid), :line)
      AND (l.issuer = :unit OR j.unit = :unit OR f.unit = :unit OR g.unit = :unit)
    ORDER BY t.journal_id, t.id LIMIT :limit
)
SELECT page.*, o.issuer, o.receipt_number, o.order_no
FROM page CROSS JOIN LATERAL origin_of_line(page.month, page.id) AS o ORDER BY page.journal_id, page.id
"""


def lines_of(
    questions: Questions, statement_id: str, limit: int, after: Sequence[str] | None
) -> tuple[list[dict[str, Any]], tuple[str, str] | None]:
    """Give a page of the lines of a statement, journal by journal, and where the next page begins.

    :param after: the journal and the line behind which it goes on.
    :raises NotFound: if there is no such statement, or it is another unit's.
    """
    statement = questions.row(
        "SELECT month, unit FROM statements WHERE id = CAST(:id AS uuid)", id=statement_id
    )
    if statement is None:
        raise NotFound()
    journal, line = after or (BEFORE_ALL, "0")
    asked = {"month": statement.month, "unit": statement.unit, "journal": journal, "limit": limit}
    journals = [str(row.id) for row in questions.rows(_JOURNALS, **asked)]
    rows = questions.rows(_LINES, **asked, line=int(line), journals=journals)
    last = None
    if len(rows) == limit:
        last = (str(rows[-1].journal_id), str(rows[-1].id))
    elif len(journals) > limit:
        last = (journals[-1], str(LAST_LINE))
    return [_view(row, statement.unit) for row in rows], last


def _view(row: Any, unit: str) -> dict[str, Any]:
    return {
        "line": row.id,
        "journal": shown("jrn", str(row.journal_id)),
        "kind": row.kind,
        "occurred_at": row.occurred_at,
        "asset": row.asset,
        "amount": row.amount,
        "issuer": row.issuer or row.payer,
        "counterpart": row.payer if row.payee == unit else row.payee,
        "paid_fen": row.worth_fen,
        "receipt_no": row.receipt_number,
        "order_no": row.order_no,
    }
