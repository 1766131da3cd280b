"""The member's history: every movement of their points, newest first."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from services.points.api.front import Front
from services.points.api.lists import NextView, PageQuery
from services.points.queries.history import history
from services.points.queries.wallet import holder_of
from shared.kernel.command import Asked
from shared.kernel.principal import Role
from shared.web.door import Call, Door


class MovementView(BaseModel):
    """Points of one asset that came (positive) or went (negative)."""

    asset: str
    points: int


class JournalView(BaseModel):
    """One movement: an earning, a redemption, a refund, an expiry."""

    journal: str
    kind: str
    unit: str
    occurred_at: str
    order_no: str | None
    receipt_no: str | None
    movements: list[MovementView]


class HistoryView(BaseModel):
    """A page of history, newest first."""

    data: list[JournalView]
    cursor: NextView


def declare(door: Door, front: Front) -> None:
    """Declare the member's history."""

    @door.get("/journals", takes=PageQuery, gives=HistoryView, roles=(Role.MEMBER,))
    def list_journals(asked: Asked, query: PageQuery, call: Call) -> Mapping[str, Any]:
        """List one's own movements, newest first."""
        after = front.after(call, query.cursor)
        with front.reader.asked_by() as questions:
            holder = holder_of(questions, call.principal.subject)
        if holder is None:
            return {"data": [], "cursor": {"next": None}}
        with front.reader.asked_by(holder=holder) as questions:
            rows, last = history(questions, holder, query.limit, after)
        return {"data": rows, "cursor": front.next(call, last)}
