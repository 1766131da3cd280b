"""Pay codes for members, and who pays for what a door was asked: a member, a number, whoever shows a code."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Protocol

import orjson
from pydantic import BaseModel

from services.points.api.front import Front
from services.points.commands.ask_pay_code import AskPayCode
from services.points.domain.authority import own_unit
from services.points.domain.naming import number_identity
from services.points.domain.order_ticket import ShownTicket
from services.points.domain.pay_code import CODE_DIGITS, PayCodeExpired, PayCodeNeeded
from services.points.domain.payer import Payer, ShownCode
from shared.kernel.command import Asked
from shared.kernel.principal import Role
from shared.kernel.refusal import Forbidden
from shared.runtime.clock import now
from shared.web.door import Call, Door, Given
from shared.web.fields import digits_form
from shared.web.strict import Nothing

PayCodeText = Annotated[str, digits_form(CODE_DIGITS)]
"""The digits of a pay code, as a till scanned them."""


class Wish(Protocol):
    """What of a body says who pays, and where."""

    @property
    def unit(self) -> str:
        """The unit at which is paid."""

    @property
    def number(self) -> str | None:
        """The unit's member number for which an importer pays."""

    @property
    def pay_code(self) -> str | None:
        """The code that a till scanned."""

    @property
    def at(self) -> datetime | None:
        """The moment that an importer states."""


class TicketWish(Protocol):
    """What of a body says with which ticket."""

    @property
    def order_ticket(self) -> str | None:
        """The ticket that the unit handed to the member."""


class PayCodeView(BaseModel):
    """A code of 18 digits, to be shown as QR code or bar code; good once, until `expires_at`."""

    code: str
    expires_at: str


def payer_of(asked: Asked, wish: Wish, front: Front) -> Payer:
    """Find out who shall pay: a member for themselves, an importer for a number, a till by a scanned code.

    :raises Forbidden: if a member names somebody or a time, or an importer no number.
    :raises PayCodeNeeded: if a till scanned none.
    :raises NotFound: if a till pays at another unit.
    """
    principal = asked.principal
    assert principal is not None
    if principal.role is Role.UNIT_SYSTEM:
        own_unit(principal, wish.unit)
        if wish.number is not None or wish.at is not None:
            raise Forbidden(needed="importer")
        if wish.pay_code is None:
            raise PayCodeNeeded()
        return ShownCode(front.secret.pay_code_digest(wish.pay_code), principal.subject)
    if wish.pay_code is not None:
        raise Forbidden(needed="unit-system")
    if principal.role is Role.MEMBER:
        if wish.number is not None or wish.at is not None:
            raise Forbidden(needed="importer")
        return principal.subject
    if wish.number is None:
        raise Forbidden(needed="member")
    return number_identity(wish.unit, wish.number)


async def ticket_of(asked: Asked, wish: TicketWish, front: Front) -> ShownTicket | None:
    """Read the ticket that a member shows; nobody else needs one.

    :raises Forbidden: if somebody else shows one.
    """
    if wish.order_ticket is None:
        return None
    if asked.principal is None or asked.principal.role is not Role.MEMBER:
        raise Forbidden(needed="member")
    return await front.tickets.shown(wish.order_ticket)


def declare(door: Door, front: Front) -> None:
    """Declare the route of pay codes."""

    def minted(kept: Mapping[str, Any]) -> Mapping[str, Any]:
        # Asked again under the same key: the same code while it lives, and afterwards none.
        if datetime.fromisoformat(kept["expires_at"]) <= now():
            raise PayCodeExpired()
        return {"code": front.secret.pay_code(kept["request"]), "expires_at": kept["expires_at"]}

    @door.post("/pay-codes", takes=Nothing, gives=PayCodeView, roles=(Role.MEMBER,), status=201)
    async def ask_for_pay_code(asked: Asked, body: Nothing, call: Call) -> Given:
        """Get a code to show at a till: 18 digits that pay with one's own points, once, within 60 seconds."""
        digest = front.secret.pay_code_digest(front.secret.pay_code(asked.id))
        answer = await front.desk.ask(AskPayCode(asked, call.principal.subject, digest))
        return answer if answer.json is None else minted(orjson.loads(answer.json))
