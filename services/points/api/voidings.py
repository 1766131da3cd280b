"""Voidings: a unit gives a coupon back, and looks whether its partner has voided it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel

from services.points.api.front import UNIT_READERS, Front
from services.points.api.lists import NextView, PageQuery
from services.points.commands.void_voucher import VoidVoucher
from services.points.queries.voidings import voidings_listed
from shared.kernel.command import Answer, Asked
from shared.kernel.principal import Role
from shared.web.door import Call, Door
from shared.web.fields import Text
from shared.web.strict import Inbound

SELLERS = (Role.UNIT_SYSTEM, Role.FINANCE, Role.OPERATOR)
"""Who may give a coupon back: the unit that sold it, by system or finance, and operators."""


class VoidBody(Inbound):
    """Why the coupon is given back."""

    reason: Annotated[str, Text(200, 4)]


class VoidingsQuery(PageQuery):
    """Voidings of one state or all."""

    state: Literal["asked", "voided", "used", "unknown"] | None = None


class VoidingView(BaseModel):
    """A voiding: `asked` while the partner's word is not known, then `voided`, `used` or `unknown`.

    `refund` is what gave the points back: a coupon that is void has one, and no other has.
    """

    voiding: str
    voucher: str
    state: str
    offer: str
    partner: str
    unit: str
    price_fen: int
    reason: str
    asked_by: str
    asked_at: str
    settled_at: str | None
    refund: str | None


class VoidingsView(BaseModel):
    """A page of voidings, newest first."""

    data: list[VoidingView]
    cursor: NextView


def declare(door: Door, front: Front, partners: frozenset[str]) -> None:
    """Declare the routes of voidings."""

    @door.post("/vouchers/{voucher}/void", takes=VoidBody, gives=VoidingView, roles=SELLERS, status=202)
    async def void(asked: Asked, body: VoidBody, call: Call) -> Answer:
        """Ask the partner to void a coupon of one's own unit: its points come back once that is done."""
        command = VoidVoucher(asked, call.id_of("voucher", "vch"), body.reason, partners)
        return await front.desk.ask(command)

    @door.get("/voidings", takes=VoidingsQuery, gives=VoidingsView, roles=UNIT_READERS)
    def list_voidings(asked: Asked, query: VoidingsQuery, call: Call) -> Mapping[str, Any]:
        """List the voidings of one's own unit, newest first."""
        after = front.after(call, query.cursor)
        with front.asking(call) as questions:
            rows, last = voidings_listed(questions, query.state, query.limit, after)
        return {"data": rows, "cursor": front.next(call, last)}
