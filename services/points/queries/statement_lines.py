"""The lines behind a statement: every movement that the unit took part in, down to order and receipt."""

from typing import Any

from shared.kernel.ids import shown
from shared.kernel.refusal import NotFound
from shared.runtime.database import Questions

_SQL = """
WITH page AS (
    SELECT t.month, t.id, t.journal_id, j.kind, j.occurred_at, t.asset, t.amount, t.worth_fen,
           f.unit AS payer, g.unit AS payee
    FROM transfers t
    JOIN journals j ON j.month = t.month AND j.id = t.journal_id
    LEFT JOIN lots l ON l.id = t.lot_id
    LEFT JOIN accounts f ON f.id = t.from_account AND f.role = 'clearing'
    LEFT JOIN accounts g ON g.id = t.to_account AND g.role = 'clearing'
    WHERE t.month = :month AND t.id > :after AND :unit = ANY (j.sides)
      AND (l.issuer = :unit OR j.unit = :unit OR f.unit = :unit OR g.unit = :unit)
    ORDER BY t.id LIMIT :limit
)
SELECT page.*, o.issuer, o.receipt_number, o.order_no
FROM page CROSS JOIN LATERAL origin_of_line(page.month, page.id) AS o ORDER BY page.id
"""


def lines_of(
    questions: Questions, statement_id: str, limit: int, after: int
) -> tuple[list[dict[str, Any]], int | None]:
    """Give a page of the lines of a statement, in the order in which they were booked.

    :raises NotFound: if there is no such statement, or it is another unit's.
    """
    statement = questions.row(
        "SELECT month, unit FROM statements WHERE id = CAST(:id AS uuid)", id=statement_id
    )
    if statement is None:
        raise NotFound()
    unit = statement.unit
    rows = questions.rows(_SQL, month=statement.month, unit=unit, after=after, limit=limit)
    data = [
        {
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
        for row in rows
    ]
    return data, data[-1]["line"] if len(data) == limit else None
