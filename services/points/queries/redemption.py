"""What was redeemed for a unit's order."""

from collections.abc import Mapping
from typing import Any

import orjson

from services.points.domain.naming import order_name
from shared.kernel.refusal import NotFound
from shared.runtime.database import Questions


def redemption_of_order(questions: Questions, unit: str, order_no: str) -> Mapping[str, Any]:
    """Give the redemption of an order as it was first answered.

    :raises NotFound: if there is none, or it is another unit's.
    """
    row = questions.row("SELECT answer FROM redemptions WHERE name = :name", name=order_name(unit, order_no))
    if row is None:
        raise NotFound()
    answer: Mapping[str, Any] = orjson.loads(row.answer)
    return answer
