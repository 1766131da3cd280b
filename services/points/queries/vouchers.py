"""Vouchers as members and units see them; a sealed code comes along for its member alone, by policy.

A coupon that is void has no code any more: nobody shall show it to a driver.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.points.domain.voiding import VoidingState, voiding_number
from services.points.domain.voucher import request_number
from services.points.queries.asker import OWN_WALLETS
from services.points.queries.newest import newest
from services.points.queries.rules import rules_in_force
from shared.kernel.ids import shown
from shared.kernel.refusal import NotFound
from shared.runtime.database import Questions

_SHOWN = """
SELECT v.id, v.state, v.offer, v.offer_version, v.partner, v.unit, v.price_fen, v.asked_at, v.ask_until,
       v.settled_at, v.redemption_id, v.valid_until, v.reason, c.sealed,
       d.id AS voiding_id, d.state AS voiding_state, d.asked_at AS voiding_asked_at,
       d.settled_at AS voiding_settled_at, d.refund_id
FROM (SELECT * FROM vouchers WHERE {which}) AS v
LEFT JOIN LATERAL (SELECT sealed FROM voucher_codes WHERE voucher_id = v.id OFFSET 0) AS c ON true
LEFT JOIN LATERAL (SELECT id, state, asked_at, settled_at, refund_id FROM voidings WHERE voucher_id = v.id
                   ORDER BY state = 'unknown', id DESC LIMIT 1) AS d ON true
ORDER BY v.id DESC
"""
_OWN = f"""
wallet_id = ANY ({OWN_WALLETS})
AND (CAST(:before AS uuid) IS NULL OR id < CAST(:before AS uuid))
AND (CAST(:state AS text) IS NULL OR state = CAST(:state AS text))
ORDER BY id DESC LIMIT :limit
"""
_ONE = _SHOWN.format(which="id = CAST(:voucher AS uuid)")


def vouchers_of(
    questions: Questions, state: str | None, limit: int, after: Sequence[str] | None
) -> tuple[list[dict[str, Any]], tuple[str] | None]:
    """Give a page of the vouchers that the asker may see, newest first, and where the next page begins."""
    if questions.holder is not None:
        before = after[0] if after else None
        own = {"holder": questions.holder, "before": before, "state": state, "limit": limit}
        rows = questions.rows(_SHOWN.format(which=_OWN), **own)
    else:
        page = newest(questions, {"state": state}, limit, after)
        rows = questions.rows(_SHOWN.format(which=page.rows), **page.parameters)
    return [_view(row) for row in rows], (str(rows[-1].id),) if len(rows) == limit else None


def voucher_of(questions: Questions, voucher: str) -> dict[str, Any]:
    """Give one voucher.

    :raises NotFound: if there is none, or it is somebody else's.
    """
    row = questions.row(_ONE, voucher=voucher)
    if row is None:
        raise NotFound()
    return _view(row)


def offers_on_sale(questions: Questions, at: datetime) -> list[Mapping[str, Any]]:
    """Give the offers that are sold at that moment."""
    found = (rule for rule in rules_in_force(questions, at) if rule["kind"] == "offer")
    return [
        {
            "offer": rule["subject"],
            "name": rule["body"]["name"],
            "partner": rule["body"]["partner"],
            "unit": rule["body"]["unit"],
            "price_fen": rule["body"]["price_fen"],
            "per_day": rule["body"].get("per_day"),
        }
        for rule in found
        if rule["body"]["on_sale"]
    ]


def _view(row: Any) -> dict[str, Any]:
    is_void = row.voiding_state == VoidingState.VOIDED.value
    return {
        "voucher": request_number(str(row.id)),
        "state": row.state,
        "offer": row.offer,
        "partner": row.partner,
        "unit": row.unit,
        "price_fen": row.price_fen,
        "hold": shown("hld", str(row.id)),
        "asked_at": row.asked_at,
        "ask_until": row.ask_until,
        "settled_at": row.settled_at,
        "redemption": None if row.redemption_id is None else shown("red", str(row.redemption_id)),
        "valid_until": row.valid_until,
        "reason": row.reason,
        "voiding": _voiding(row),
        "sealed": None if row.sealed is None or is_void else bytes(row.sealed),
    }


def _voiding(row: Any) -> dict[str, Any] | None:
    """Write the voiding that stands, else the last that the partner did not know."""
    if row.voiding_id is None:
        return None
    return {
        "voiding": voiding_number(str(row.voiding_id)),
        "state": row.voiding_state,
        "asked_at": row.voiding_asked_at,
        "settled_at": row.voiding_settled_at,
        "refund": None if row.refund_id is None else shown("rfd", str(row.refund_id)),
    }
