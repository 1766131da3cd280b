"""The lines behind a statement: every movement that the unit took part in, down to order and receipt."""

from collections.abc import Sequence
from typing import Any

from services.points.queries.origins import origins_of
from shared.kernel.ids import BEFORE_ALL, shown
from shared.kernel.refusal import NotFound
from shared.runtime.database import Questions

LAST_LINE = 2**63 - 1
"""Behind every line of a journal."""

# The unit's journals first, over the index that a sealed month has of each unit: in the order of lines the
# month would be read through for whoever took part in little of it. One more than lines are wanted, since the
# one that the page before ended in may be told already.
_JOURNALS = """
SELECT id, kind, unit, occurred_at FROM journals
WHERE month = :month AND :unit = ANY (sides) AND id >= CAST(:journal AS uuid) ORDER BY id LIMIT :limit + 1
"""
# Money between two others is theirs, also in a journal of this unit: an exchange by wish is the group's, and
# may leave one issuer owing another. Whose a lot was is looked up last, of lines that are not the unit's by
# anything else.
_LINES = """
SELECT t.id, t.journal_id, t.asset, t.amount, t.worth_fen, f.unit AS payer, g.unit AS payee
FROM unnest(CAST(:journals AS uuid[]), CAST(:units AS text[])) AS j(id, unit)
CROSS JOIN LATERAL (SELECT * FROM transfers WHERE month = :month AND journal_id = j.id OFFSET 0) AS t
LEFT JOIN accounts f ON f.id = t.from_account AND f.role = 'clearing'
LEFT JOIN accounts g ON g.id = t.to_account AND g.role = 'clearing'
WHERE (t.journal_id, t.id) > (CAST(:journal AS uuid), :line)
  AND (:unit IN (f.unit, g.unit) OR (:unit = j.unit AND (f.unit IS NULL OR g.unit IS NULL))
       OR EXISTS (SELECT 1 FROM lots WHERE id = t.lot_id AND issuer = :unit OFFSET 0))
ORDER BY t.journal_id, t.id LIMIT :limit
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
    journals = {str(row.id): row for row in questions.rows(_JOURNALS, **asked)}
    units = [row.unit for row in journals.values()]
    rows = questions.rows(_LINES, **asked, line=int(line), journals=list(journals), units=units)
    origins = origins_of(questions, statement.month, [row.id for row in rows])
    last = None
    if len(rows) == limit:
        last = (str(rows[-1].journal_id), str(rows[-1].id))
    elif len(journals) > limit:
        last = (next(reversed(journals)), str(LAST_LINE))
    return [_view(row, journals[str(row.journal_id)], origins[row.id], statement.unit) for row in rows], last


def _view(row: Any, journal: Any, origin: Any, unit: str) -> dict[str, Any]:
    return {
        "line": row.id,
        "journal": shown("jrn", str(row.journal_id)),
        "kind": journal.kind,
        "occurred_at": journal.occurred_at,
        "asset": row.asset,
        "amount": row.amount,
        "issuer": origin.issuer or row.payer,
        "counterpart": row.payer if row.payee == unit else row.payee,
        "paid_fen": row.worth_fen,
        "receipt_no": origin.receipt_number,
        "order_no": origin.order_no,
    }
