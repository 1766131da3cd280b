"""What was redeemed for a unit's order, and what came back of it last."""

from collections.abc import Mapping
from typing import Any

import orjson

from services.points.domain.naming import order_name
from services.points.queries.coming_back import ComingBack, last_of
from shared.kernel.refusal import NotFound
from shared.runtime.database import Questions


def redemption_of_order(questions: Questions, unit: str, order_no: str) -> Mapping[str, Any]:
    """Give the redemption of an order as it was first answered, with its last refunds.

    :raises NotFound: if there is none, or it is another unit's.
    """
    name = order_name(unit, order_no)
    return _with_refunds(
        questions, questions.row("SELECT id, answer FROM redemptions WHERE name = :name", name=name)
    )


def redemption_of(questions: Questions, redemption_id: str) -> Mapping[str, Any]:
    """Give a redemption or capture as it was first answered, with its last refunds.

    :raises NotFound: if there is none, or it is another unit's.
    """
    return _with_refunds(
        questions,
        questions.row("SELECT id, answer FROM redemptions WHERE id = CAST(:id AS uuid)", id=redemption_id),
    )


def _with_refunds(questions: Questions, row: Any) -> Mapping[str, Any]:
    if row is None:
        raise NotFound()
    refunded_fen, is_earlier, refunds = last_of(questions, ComingBack.REFUNDS, str(row.id))
    return {
        **orjson.loads(row.answer),
        "refunded_fen": refunded_fen,
        "refunds": refunds,
        "has_earlier_refunds": is_earlier,
    }
