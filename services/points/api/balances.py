"""Balances of all holders, page by page: for the group's importer and operators."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from services.points.api.front import GROUP_ROLES, Front
from services.points.api.lists import NextView, PageQuery
from services.points.queries.balances import balances
from shared.kernel.command import Asked
from shared.runtime.clock import now
from shared.runtime.database import EVERY_UNIT
from shared.web.door import Call, Door
from shared.web.fields import Moment


class BalancesQuery(PageQuery):
    """Balances of points that are not expired at that moment (now, if not stated)."""

    at: Moment | None = None


class BalanceView(BaseModel):
    """One holder: member, numbers by unit, points by asset (pending included), and those on hold."""

    holder: str
    member: str | None
    numbers: dict[str, str]
    balances: dict[str, int]
    held: dict[str, int]


class BalancesView(BaseModel):
    """A page of holders."""

    data: list[BalanceView]
    cursor: NextView


def declare(door: Door, front: Front) -> None:
    """Declare the list of balances."""

    @door.get("/balances", takes=BalancesQuery, gives=BalancesView, roles=GROUP_ROLES)
    def list_balances(asked: Asked, query: BalancesQuery, call: Call) -> Mapping[str, Any]:
        """List every holder's points by asset."""
        after = front.after(call, query.cursor)
        with front.reader.asked_by(unit=EVERY_UNIT) as questions:
            rows, last = balances(questions, query.at or now(), query.limit, after[0] if after else None)
        return {"data": rows, "cursor": front.next(call, (last,) if last else None)}
