"""Refunds: a unit's own system gives back what points have paid, and reads what came back of a redemption."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from services.points.api.front import UNIT_READERS, Front, unit_read
from services.points.api.lists import NextView, PageQuery
from services.points.api.redemptions import OwedView, RedemptionView
from services.points.commands.refund_points import RefundPoints
from services.points.domain.authority import unit_meant
from services.points.queries.coming_back import ComingBack, page_of
from services.points.queries.redemption import redemption_of, redemption_of_order
from shared.kernel.command import Answer, Asked
from shared.kernel.principal import Role
from shared.web.door import Call, Door
from shared.web.fields import AmountFen, Moment, Number, UnitCode
from shared.web.strict import Inbound, Nothing

WITH_ITS_MEMBER = (Role.MEMBER, *UNIT_READERS)
"""Who reads a redemption by its id: whose points have paid, and whoever reads what concerns the unit."""


class RefundBody(Inbound):
    """How much comes back, under the unit's own refund number; `unit` and `at` are for importers."""

    refund_no: Number
    amount_fen: AmountFen
    unit: UnitCode | None = None
    at: Moment | None = None


class OrderQuery(Inbound):
    """Which order of the unit; an importer or operator names the unit as well."""

    order_no: Number
    unit: UnitCode | None = None


class RestoredView(BaseModel):
    """What came back into one lot: a lot that had expired meanwhile is a new one, for 30 days."""

    lot: str
    asset: str
    issuer: str
    points: int
    worth_fen: int
    expires_at: str


class RefundView(BaseModel):
    """What came back into which lots, who does not owe whom any more, and what can still come back."""

    refund: str
    redemption: str
    journals: list[str]
    unit: str
    order_no: str
    refund_no: str
    amount_fen: int
    refunded_fen: int
    left_fen: int
    restored: list[RestoredView]
    undone: list[OwedView]
    occurred_at: str


class RefundedView(RedemptionView):
    """A redemption, what came back of it in all, and the last ten refunds, oldest first.

    `has_earlier_refunds` says that there are more, which the list of refunds has.
    """

    refunded_fen: int
    refunds: list[RefundView]
    has_earlier_refunds: bool


class RefundsView(BaseModel):
    """A page of refunds, the last first."""

    data: list[RefundView]
    cursor: NextView


def refunding(asked: Asked, redemption_id: str, body: RefundBody) -> RefundPoints:
    """Turn what a unit gives back into its command.

    :raises UnknownUnit: if an importer names no unit.
    """
    unit = unit_meant(asked.principal, body.unit)
    return RefundPoints(asked, redemption_id, unit, body.refund_no, body.amount_fen, body.at)


def declare(door: Door, front: Front) -> None:
    """Declare the routes of refunds, and what a redemption looks like with them."""

    @door.post(
        "/redemptions/{redemption}/refunds",
        takes=RefundBody,
        gives=RefundView,
        roles=(Role.UNIT_SYSTEM, Role.IMPORTER),
        status=201,
    )
    async def refund(asked: Asked, body: RefundBody, call: Call) -> Answer:
        """Give back part or all of what points paid: to the lots they came from, last taken first."""
        return await front.desk.ask(refunding(asked, call.id_of("redemption", "red"), body))

    @door.get("/redemptions", takes=OrderQuery, gives=RefundedView, roles=UNIT_READERS)
    def read_order(asked: Asked, query: OrderQuery, call: Call) -> Mapping[str, Any]:
        """Read what was redeemed for an order of one's own unit: the only proof a till should trust."""
        unit = unit_read(call.principal, query.unit)
        with front.asking(call) as questions:
            return redemption_of_order(questions, unit, query.order_no)

    @door.get("/redemptions/{redemption}", takes=Nothing, gives=RefundedView, roles=WITH_ITS_MEMBER)
    def read_redemption(asked: Asked, query: Nothing, call: Call) -> Mapping[str, Any]:
        """Read one redemption or capture of one's own unit, or one's own, with what came back of it last."""
        with front.asking(call) as questions:
            return redemption_of(questions, call.id_of("redemption", "red"))

    @door.get("/redemptions/{redemption}/refunds", takes=PageQuery, gives=RefundsView, roles=WITH_ITS_MEMBER)
    def list_refunds(asked: Asked, query: PageQuery, call: Call) -> Mapping[str, Any]:
        """List what came back of a redemption of one's own unit, or of one's own, the last refund first."""
        redemption, after = call.id_of("redemption", "red"), front.after(call, query.cursor)
        with front.asking(call) as questions:
            rows, last = page_of(questions, ComingBack.REFUNDS, redemption, query.limit, after)
        return {"data": rows, "cursor": front.next(call, last)}
