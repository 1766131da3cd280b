"""One journal with its lines, as its holder or one of its sides may see it."""

from collections.abc import Mapping
from typing import Any

from services.points.queries.origins import origins_of
from shared.kernel.ids import shown
from shared.kernel.refusal import NotFound
from shared.runtime.database import Questions

MOST = 1_000
"""How many lines are shown; a journal of more is read through the statement's lines."""

_JOURNAL = """
SELECT month, id, kind, unit, occurred_at, posted_at, concerns_month FROM journals
WHERE id = CAST(:id AS uuid)
"""
# A member sees their own lots; a unit knows of a line that it pays or is paid for whose lot it was.
_LINES = """
SELECT t.id, t.asset, t.amount, t.lot_id, t.cause_id, t.worth_fen, l.issuer,
       coalesce(a.role, member_role(t.from_account)) AS from_role, a.unit AS from_unit,
       coalesce(b.role, member_role(t.to_account)) AS to_role, b.unit AS to_unit
FROM transfers t
LEFT JOIN accounts a ON a.id = t.from_account
LEFT JOIN accounts b ON b.id = t.to_account
LEFT JOIN lots l ON l.id = t.lot_id
WHERE t.month = :month AND t.journal_id = CAST(:id AS uuid) ORDER BY t.id LIMIT :most
"""


def journal_view(questions: Questions, journal_id: str) -> Mapping[str, Any]:
    """Give a journal and its lines in the order in which they were booked.

    :raises NotFound: if there is none, or it is none of the asker's.
    """
    row = questions.row(_JOURNAL, id=journal_id)
    if row is None:
        raise NotFound()
    lines = questions.rows(_LINES, month=row.month, id=journal_id, most=MOST)
    unseen = [line.id for line in lines if line.issuer is None]
    issuers = {line: origin.issuer for line, origin in origins_of(questions, row.month, unseen).items()}
    return {
        "journal": shown("jrn", str(row.id)),
        "kind": row.kind,
        "unit": row.unit,
        "month": row.month.strftime("%Y-%m"),
        "concerns_month": None if row.concerns_month is None else row.concerns_month.strftime("%Y-%m"),
        "occurred_at": row.occurred_at,
        "posted_at": row.posted_at,
        "lines": [
            {
                "line": line.id,
                "asset": line.asset,
                "amount": line.amount,
                "from": {"role": line.from_role, "unit": line.from_unit},
                "to": {"role": line.to_role, "unit": line.to_unit},
                "lot": None if line.lot_id is None else shown("lot", str(line.lot_id)),
                "issuer": line.issuer or issuers.get(line.id),
                "paid_fen": line.worth_fen,
                "cause": line.cause_id,
            }
            for line in lines
        ],
    }
