"""Months: opened and closed by the clock or by people; read by everyone who settles."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from services.points.api.front import GROUP_ROLES, Front
from services.points.commands.close_month import CloseMonth
from services.points.commands.open_month import OpenMonth
from services.points.queries.months import month_view, months_listed
from shared.kernel.command import Answer, Asked
from shared.kernel.principal import Role
from shared.web.door import Call, Door
from shared.web.fields import Moment
from shared.web.strict import Inbound, Nothing

READERS = (Role.FINANCE, Role.OPERATOR, Role.IMPORTER)


class CloseBody(Inbound):
    """At which moment the month is over; only an importer may state one that is still to come."""

    at: Moment | None = None


class StateView(BaseModel):
    """Where a month stands after the call."""

    month: str
    state: str


class StatementLink(BaseModel):
    """A unit's statement of the month."""

    statement: str
    unit: str
    net_fen: int


class MonthView(BaseModel):
    """A month: its state, its statements as far as one may see them, and the group's figures once sealed."""

    month: str
    state: str
    opened_at: str
    sealed_at: str | None
    statements_issued: bool
    statements: list[StatementLink]


class MonthsView(BaseModel):
    """All months, oldest first."""

    data: list[MonthView]


def declare(door: Door, front: Front) -> None:
    """Declare the routes of months."""

    @door.post("/months/{month}/open", takes=Nothing, gives=StateView, roles=GROUP_ROLES)
    async def open_(asked: Asked, body: Nothing, call: Call) -> Answer:
        """Open a month (`YYYY-MM`), so that movements can be booked in it."""
        return await front.desk.ask(OpenMonth(asked, call.month_of("month")))

    @door.post("/months/{month}/close", takes=CloseBody, gives=StateView, roles=GROUP_ROLES, status=202)
    async def close(asked: Asked, body: CloseBody, call: Call) -> Answer:
        """Close a month that is over: it drains, is sealed, and its statements are issued."""
        return await front.desk.ask(CloseMonth(asked, call.month_of("month"), body.at))

    @door.get("/months", takes=Nothing, gives=MonthsView, roles=READERS)
    def list_months(asked: Asked, query: Nothing, call: Call) -> Mapping[str, Any]:
        """List all months, oldest first."""
        with front.asking(call) as questions:
            return {"data": months_listed(questions)}

    @door.get("/months/{month}", takes=Nothing, gives=MonthView, roles=READERS)
    def read_month(asked: Asked, query: Nothing, call: Call) -> Mapping[str, Any]:
        """Read a month; the group's own see the figures of all units once it is sealed."""
        whole = call.principal.role in GROUP_ROLES
        with front.asking(call) as questions:
            return month_view(questions, call.month_of("month"), whole=whole)
