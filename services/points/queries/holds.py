"""Holds as people and tills see them: as they stand, with what they took and what was captured last."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.points.domain.naming import order_name
from services.points.queries.asker import HOLDERS_OF_THEN
from services.points.queries.captures import NONE, last_captures
from shared.kernel.ids import BEFORE_ALL, shown
from shared.kernel.refusal import NotFound
from shared.runtime.database import Questions

FROM_THE_FIRST = ("-infinity", BEFORE_ALL)
"""Where a list of open holds begins: behind nothing."""

_HOLD = """
SELECT id, journal_id, unit, order_no, price_fen, amount_fen, captured_fen, is_open, occurred_at, expires_at,
       ended_at, ended_by
FROM holds
"""
_BY_ID = f"{_HOLD} WHERE id = CAST(:id AS uuid)"
# An order that was let go without a capture may have been held again: the hold that binds it is the one.
_BY_ORDER = f"""
{_HOLD} WHERE name = :name
ORDER BY (is_open OR captured_fen > 0) DESC, occurred_at DESC, id DESC LIMIT 1
"""
# All that one person has open are looked at for a page of them: an index in this order would cost every hold.
_OPEN = f"""
{_HOLD} WHERE is_open AND (CAST(:holder AS uuid) IS NULL OR holder_id = ANY ({HOLDERS_OF_THEN}))
AND (expires_at, id) > (CAST(:after AS timestamptz), CAST(:after_id AS uuid))
ORDER BY expires_at, id LIMIT :limit
"""
_SLICES = """
SELECT h.id, s.lot_id, s.asset, s.issuer, s.points, s.points_left
FROM unnest(CAST(:ids AS uuid[])) AS h(id) CROSS JOIN LATERAL slices_of_hold(h.id) AS s ORDER BY h.id, s.place
"""


def hold_view(questions: Questions, hold_id: str) -> Mapping[str, Any]:
    """Give a hold as it stands.

    :raises NotFound: if there is none, or it is somebody else's.
    """
    return _only(questions, questions.row(_BY_ID, id=hold_id))


def hold_of_order(questions: Questions, unit: str, order_no: str) -> Mapping[str, Any]:
    """Give the hold of an order: the one that binds it, or else the last that was let go.

    :raises NotFound: if there is none, or it is another unit's.
    """
    return _only(questions, questions.row(_BY_ORDER, name=order_name(unit, order_no)))


def open_holds(
    questions: Questions, limit: int, after: Sequence[str] | None
) -> tuple[list[dict[str, Any]], tuple[str, str] | None]:
    """Give a page of the open holds that the asker may see, soonest to expire first, and where the next is.

    One that ends between two pages is missing from the second; none that stays is.
    """
    place, place_id = after or FROM_THE_FIRST
    rows = questions.rows(_OPEN, holder=questions.holder, after=place, after_id=place_id, limit=limit)
    last = (rows[-1].expires_at.isoformat(), str(rows[-1].id)) if len(rows) == limit else None
    return _views(questions, rows), last


def _only(questions: Questions, row: Any) -> Mapping[str, Any]:
    if row is None:
        raise NotFound()
    (view,) = _views(questions, [row])
    return view


def _views(questions: Questions, rows: Sequence[Any]) -> list[dict[str, Any]]:
    ids = [str(row.id) for row in rows]
    slices, captures = _slices(questions, ids), last_captures(questions, ids)
    return [
        {
            "hold": shown("hld", str(row.id)),
            "journal": shown("jrn", str(row.journal_id)),
            "unit": row.unit,
            "order_no": row.order_no,
            "price_fen": row.price_fen,
            "amount_fen": row.amount_fen,
            "captured_fen": row.captured_fen,
            "left_fen": row.amount_fen - row.captured_fen if row.is_open else 0,
            "state": "open" if row.is_open else "closed",
            "ended_by": row.ended_by,
            "occurred_at": row.occurred_at,
            "expires_at": row.expires_at,
            "ended_at": row.ended_at,
            "slices": slices.get(str(row.id), []),
            "captures": captures.get(str(row.id), NONE).last,
            "has_earlier_captures": captures.get(str(row.id), NONE).has_earlier,
        }
        for row in rows
    ]


def _slices(questions: Questions, ids: list[str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in questions.rows(_SLICES, ids=ids):
        found.setdefault(str(row.id), []).append(
            {
                "lot": shown("lot", str(row.lot_id)),
                "asset": row.asset,
                "issuer": row.issuer,
                "points": row.points,
                "points_left": row.points_left,
            }
        )
    return found
