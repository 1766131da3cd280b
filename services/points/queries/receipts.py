"""What a purchase earned, and what came back of it last."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import orjson

from services.points.domain.naming import receipt_name_of_day
from services.points.queries.coming_back import ComingBack, last_of
from shared.kernel.refusal import NotFound
from shared.runtime.database import Questions

_BY_NAME = "SELECT id, purchased_at, answer FROM receipts WHERE name = :name"
_BY_ID = "SELECT id, purchased_at, answer FROM receipts WHERE id = CAST(:id AS uuid)"


def receipt_as_printed(
    questions: Questions, unit: str, store: str, receipt_no: str, day: date
) -> Mapping[str, Any]:
    """Give the receipt with that number of that store and day as first answered, with its last returns.

    :raises NotFound: if there is none, or it is another unit's.
    """
    name = receipt_name_of_day(unit, store, receipt_no, day)
    return _with_returns(questions, questions.row(_BY_NAME, name=name))


def receipt_of(questions: Questions, receipt_id: str) -> Mapping[str, Any]:
    """Give a receipt as it was first answered, with its last returns.

    :raises NotFound: if there is none, or it is somebody else's.
    """
    return _with_returns(questions, questions.row(_BY_ID, id=receipt_id))


def _with_returns(questions: Questions, row: Any) -> Mapping[str, Any]:
    if row is None:
        raise NotFound()
    returned_fen, is_earlier, returns = last_of(questions, ComingBack.RETURNS, str(row.id))
    return {
        **orjson.loads(row.answer),
        "purchased_at": row.purchased_at,
        "returned_fen": returned_fen,
        "returns": returns,
        "has_earlier_returns": is_earlier,
    }
