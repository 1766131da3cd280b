"""Receipts in doubt as people read them: what was told, and what is known of the same receipt."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from services.points.domain.doubt import DoubtState
from services.points.queries.asker import OWN_WALLETS
from services.points.queries.newest import newest
from shared.kernel.ids import shown
from shared.kernel.refusal import NotFound
from shared.runtime.database import Questions

_COLUMNS = """
d.id, d.unit, d.store, d.number, d.identity, d.amount_fen, d.purchased_at, d.source, d.told_by, d.told_at,
d.state, d.decided_by, d.decided_at, d.reason
"""
_LISTED = f"""
SELECT {_COLUMNS}, d.first_accepted_by, d.first_reason,
       r.id AS known_id, r.amount_fen AS known_fen, r.points AS known_points,
       w.identity AS known_identity
FROM (SELECT * FROM doubts WHERE {{which}}) AS d
LEFT JOIN LATERAL (
    -- The last one that the slip has earned as: what was accepted beside the first included.
    SELECT id, amount_fen, points, wallet_id FROM receipts
    WHERE name = d.name AND id IS DISTINCT FROM d.receipt_id
    UNION ALL
    SELECT r.* FROM doubts o CROSS JOIN LATERAL (
        SELECT id, amount_fen, points, wallet_id FROM receipts
        WHERE id = o.receipt_id AND id IS DISTINCT FROM d.receipt_id OFFSET 0) AS r
    WHERE o.name = d.name AND o.state = 'accepted'
    ORDER BY id DESC LIMIT 1
) AS r ON true
LEFT JOIN LATERAL (SELECT identity FROM wallets WHERE id = r.wallet_id OFFSET 0) AS w ON true
ORDER BY d.id DESC
"""  # noqa: S608 - its parts are constants of this file
_CLAIMS = f"""
SELECT {_COLUMNS}, r.points
FROM doubts d LEFT JOIN LATERAL (SELECT points FROM receipts WHERE id = d.receipt_id OFFSET 0) AS r ON true
WHERE d.source = 'photo' AND d.wallet_id = ANY ({OWN_WALLETS})
  AND (CAST(:before AS uuid) IS NULL OR d.id < CAST(:before AS uuid))
ORDER BY d.id DESC LIMIT :limit
"""  # noqa: S608 - as above


class DoubtFacts(NamedTuple):
    """What never changes of a doubt: whoever decides it names these, and they are judged again under lock."""

    name: str
    unit: str
    store: str
    number: str
    identity: str
    amount_fen: int
    purchased_at: datetime
    source: str


def doubt_facts(questions: Questions, doubt: str) -> DoubtFacts:
    """Give the facts of a doubt.

    :raises NotFound: if there is none, or it is another unit's.
    """
    row = questions.row(
        "SELECT name, unit, store, number, identity, amount_fen, purchased_at, source FROM doubts"
        " WHERE id = CAST(:id AS uuid)",
        id=doubt,
    )
    if row is None:
        raise NotFound()
    return DoubtFacts(
        row.name,
        row.unit,
        row.store,
        row.number,
        row.identity,
        row.amount_fen,
        row.purchased_at,
        row.source,
    )


def doubts_listed(
    questions: Questions, state: DoubtState | None, limit: int, after: Sequence[str] | None
) -> tuple[list[dict[str, Any]], tuple[str] | None]:
    """Give a page of doubts, newest first, each beside what is known of the receipt."""
    page = newest(questions, {"state": None if state is None else state.value}, limit, after)
    rows = questions.rows(_LISTED.format(which=page.rows), **page.parameters)
    data = [{**_view(row), **_for_staff(row)} for row in rows]
    return data, (str(rows[-1].id),) if len(rows) == limit else None


def claims_of(
    questions: Questions, limit: int, after: Sequence[str] | None
) -> tuple[list[dict[str, Any]], tuple[str] | None]:
    """Give a page of the asking member's own claims, newest first."""
    rows = questions.rows(_CLAIMS, holder=questions.holder, before=after[0] if after else None, limit=limit)
    data = [{**_view(row), "points": row.points} for row in rows]
    return data, (str(rows[-1].id),) if len(rows) == limit else None


def _view(row: Any) -> dict[str, Any]:
    unit, colon, number = row.identity.partition(":")
    return {
        "doubt": shown("dbt", str(row.id)),
        "state": row.state,
        "unit": row.unit,
        "store": row.store,
        "receipt_no": row.number,
        "receiver": {"unit": unit, "number": number} if colon else {"member": row.identity},
        "amount_fen": row.amount_fen,
        "purchased_at": row.purchased_at,
        "source": row.source,
        "told_at": row.told_at,
        "decided_by": row.decided_by,
        "decided_at": row.decided_at,
        "reason": row.reason,
    }


def _for_staff(row: Any) -> dict[str, Any]:
    return {
        "told_by": row.told_by,
        "known": _known(row),
        "first_accepted_by": row.first_accepted_by,
        "first_reason": row.first_reason,
    }


def _known(row: Any) -> dict[str, Any] | None:
    if row.known_fen is None:
        return None
    # Whose it is a unit reads only of its own numbers: the policy of wallets hides the others.
    unit, colon, number = (row.known_identity or "").partition(":")
    receiver = {"unit": unit, "number": number} if colon else {"member": row.known_identity}
    return {
        "receipt": shown("rcp", str(row.known_id)),
        "amount_fen": row.known_fen,
        "points": row.known_points,
        "receiver": receiver if row.known_identity else None,
    }
