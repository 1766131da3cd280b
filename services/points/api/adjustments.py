"""Grants and deductions by hand: asked for with a reason, approved or rejected by another person, listed."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel

from services.points.api.front import Front
from services.points.api.lists import NextView, PageQuery
from services.points.api.receivers import Receiver, ReceiverView, identity_of
from services.points.commands.approve_adjustment import ApproveAdjustment
from services.points.commands.reject_adjustment import RejectAdjustment
from services.points.commands.request_adjustment import RequestAdjustment
from services.points.domain.adjustment import AdjustmentKind, AdjustmentState
from services.points.queries.adjustments import adjustments
from shared.kernel.command import Answer, Asked
from shared.kernel.principal import Role
from shared.kernel.refusal import NotFound
from shared.web.door import Call, Door
from shared.web.fields import Text, UnitCode, whole
from shared.web.strict import Inbound, Nothing

STAFF = (Role.OPERATOR, Role.FINANCE)
POINTS_MAX = 1_000_000_000


class RequestBody(Inbound):
    """Whose points change by how many, which unit bears it, and why."""

    receiver: Receiver
    unit: UnitCode
    points: Annotated[int, whole(1, POINTS_MAX)]
    reason: Annotated[str, Text(200, 4)]


class RejectBody(Inbound):
    """Why it is not done."""

    reason: Annotated[str, Text(200, 4)]


class RequestsQuery(PageQuery):
    """Requests in one state (open, if not stated), or all of them."""

    state: Literal["open", "approved", "rejected", "all"] = "open"


class RequestView(BaseModel):
    """A request as it stands."""

    unit: str
    asset: str
    points: int
    reason: str
    state: str
    asked_by: str
    asked_at: str
    decided_by: str | None


class GrantView(RequestView):
    """A grant; `journal` once it is approved."""

    grant: str
    journal: str | None = None


class DeductionView(RequestView):
    """A deduction; `journal` once it is approved."""

    deduction: str
    journal: str | None = None


class RequestLine(BaseModel):
    """One request in a list: for whom, by whom, why, and what became of it."""

    unit: str
    receiver: ReceiverView
    points: int
    reason: str
    state: str
    asked_by: str
    asked_at: str
    decided_by: str | None
    decided_at: str | None
    remark: str | None


class GrantLine(RequestLine):
    """A grant in a list."""

    grant: str


class DeductionLine(RequestLine):
    """A deduction in a list."""

    deduction: str


class GrantsView(BaseModel):
    """A page of grants, newest first."""

    data: list[GrantLine]
    cursor: NextView


class DeductionsView(BaseModel):
    """A page of deductions, newest first."""

    data: list[DeductionLine]
    cursor: NextView


def declare(door: Door, front: Front) -> None:
    """Declare the routes of grants and of deductions."""

    @door.post("/grants", takes=RequestBody, gives=GrantView, roles=STAFF, status=201)
    async def request_grant(asked: Asked, body: RequestBody, call: Call) -> Answer:
        """Ask for points to be given at a unit's cost; nothing moves until another person approves."""
        return await front.desk.ask(_requested(asked, body, call, AdjustmentKind.GRANT))

    @door.post("/deductions", takes=RequestBody, gives=DeductionView, roles=STAFF, status=201)
    async def request_deduction(asked: Asked, body: RequestBody, call: Call) -> Answer:
        """Ask for a unit's points to be taken back; nothing moves until another person approves."""
        return await front.desk.ask(_requested(asked, body, call, AdjustmentKind.DEDUCTION))

    @door.post("/grants/{grant}/approve", takes=Nothing, gives=GrantView, roles=STAFF)
    async def approve_grant(asked: Asked, body: Nothing, call: Call) -> Answer:
        """Approve another person's grant: the points are there at once."""
        return await front.desk.ask(
            ApproveAdjustment(asked, AdjustmentKind.GRANT, call.id_of("grant", "grt"))
        )

    @door.post("/deductions/{deduction}/approve", takes=Nothing, gives=DeductionView, roles=STAFF)
    async def approve_deduction(asked: Asked, body: Nothing, call: Call) -> Answer:
        """Approve another person's deduction: it takes what is there of that unit's points, or is refused."""
        return await front.desk.ask(
            ApproveAdjustment(asked, AdjustmentKind.DEDUCTION, call.id_of("deduction", "ded"))
        )

    @door.post("/grants/{grant}/reject", takes=RejectBody, gives=GrantView, roles=STAFF)
    async def reject_grant(asked: Asked, body: RejectBody, call: Call) -> Answer:
        """Reject a grant, or withdraw one's own."""
        return await front.desk.ask(
            RejectAdjustment(asked, AdjustmentKind.GRANT, call.id_of("grant", "grt"), body.reason)
        )

    @door.post("/deductions/{deduction}/reject", takes=RejectBody, gives=DeductionView, roles=STAFF)
    async def reject_deduction(asked: Asked, body: RejectBody, call: Call) -> Answer:
        """Reject a deduction, or withdraw one's own."""
        return await front.desk.ask(
            RejectAdjustment(asked, AdjustmentKind.DEDUCTION, call.id_of("deduction", "ded"), body.reason)
        )

    @door.get("/grants", takes=RequestsQuery, gives=GrantsView, roles=STAFF)
    def list_grants(asked: Asked, query: RequestsQuery, call: Call) -> Mapping[str, Any]:
        """List grants, newest first: open ones, or those of any state; finance sees its own unit's."""
        return _listed(front, query, call, AdjustmentKind.GRANT)

    @door.get("/deductions", takes=RequestsQuery, gives=DeductionsView, roles=STAFF)
    def list_deductions(asked: Asked, query: RequestsQuery, call: Call) -> Mapping[str, Any]:
        """List deductions, newest first: open ones, or those of any state; finance sees its own unit's."""
        return _listed(front, query, call, AdjustmentKind.DEDUCTION)


def _requested(asked: Asked, body: RequestBody, call: Call, kind: AdjustmentKind) -> RequestAdjustment:
    named = body.receiver.unit
    if call.principal.role is Role.FINANCE and named is not None and named != call.principal.unit:
        # Another unit's numbers are not theirs to try.
        raise NotFound(_denied="foreign")
    return RequestAdjustment(asked, kind, body.unit, identity_of(body.receiver), body.points, body.reason)


def _listed(front: Front, query: RequestsQuery, call: Call, kind: AdjustmentKind) -> Mapping[str, Any]:
    state = None if query.state == "all" else AdjustmentState(query.state)
    after = front.after(call, query.cursor)
    with front.asking(call) as questions:
        rows, last = adjustments(questions, kind, state, query.limit, after)
    return {"data": rows, "cursor": front.next(call, last)}
