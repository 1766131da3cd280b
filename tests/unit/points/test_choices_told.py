"""Whoever fills in both of two choices, or neither, is told which two, in both languages."""

from typing import Any

import orjson
import pytest

from services.points.api.exchanges import WishBody
from services.points.api.holds import HoldBody
from services.points.api.receivers import Receiver
from services.points.api.redemptions import RedemptionBody
from shared.kernel.refusal import Malformed
from shared.web.strict import Inbound, parse

PRICE: dict[str, Any] = {"unit": "hotel", "order_no": "A-1", "price_fen": 100}
ASSETS: dict[str, Any] = {"from_asset": "MALL", "to_asset": "HOTL"}


@pytest.mark.parametrize(
    ("model", "given", "choices"),
    [
        (RedemptionBody, PRICE, {"pay_fen": 1, "up_to_fen": 1}),
        (HoldBody, PRICE, {"amount_fen": 1, "up_to_fen": 1}),
        (WishBody, ASSETS, {"points": 1, "to_points": 1}),
        (Receiver, {}, {"member": "mem_" + "0" * 32, "unit": "hotel", "number": "Q1"}),
    ],
)
def test_both_and_neither_are_told_what_there_is_to_choose(
    model: type[Inbound], given: dict[str, Any], choices: dict[str, Any]
) -> None:
    for body in (given, {**given, **choices}):
        with pytest.raises(Malformed) as refused:
            parse(model, orjson.dumps(body))
        (fault,) = refused.value.facts["faults"]
        assert fault["pointer"] == ""
        for told in fault["detail"]:
            assert all(name in told for name in choices), told
