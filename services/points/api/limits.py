"""Limits: operators see how far each budget is used, window by window."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel

from services.points.api.front import Front
from services.points.api.lists import NextView, PageQuery
from services.points.queries.limits import limits_listed
from shared.kernel.command import Asked
from shared.kernel.principal import Role
from shared.web.door import Call, Door
from shared.web.fields import Text


class LimitsQuery(PageQuery):
    """Windows of the limits whose name begins like this (`campaign:`), or of all."""

    begins: Annotated[str, Text(200)] | None = None


class LimitView(BaseModel):
    """One window of a limit: its budget, what is drawn of it, what desks were granted, when it alerted."""

    limit: str
    window: str
    total: int
    used: int
    left: int
    granted: int
    alerted_at: str | None


class LimitsView(BaseModel):
    """A page of windows, by name."""

    data: list[LimitView]
    cursor: NextView


def declare(door: Door, front: Front) -> None:
    """Declare the list of limits."""

    @door.get("/limits", takes=LimitsQuery, gives=LimitsView, roles=(Role.OPERATOR,))
    def list_limits(asked: Asked, query: LimitsQuery, call: Call) -> Mapping[str, Any]:
        """List budgets and how far they are used; a window appears with its first draw."""
        after = front.after(call, query.cursor)
        with front.asking(call) as questions:
            rows, last = limits_listed(questions, query.begins, query.limit, after)
        return {"data": rows, "cursor": front.next(call, last)}
