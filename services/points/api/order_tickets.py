"""Reads order tickets: compact JWS of type `order-ticket+jwt`, signed by a system of the unit.

A till signs with the key of its requests; the kid is its client's id. Refuses whatever says less or more than
a ticket does, so that no condition that a till wrote is overlooked.
"""

from datetime import UTC, datetime
from typing import Annotated

from joserfc import jwt
from joserfc.jwk import GuestProtocol, OKPKey
from pydantic import ValidationError

from services.points.domain.order_ticket import NoTicket, OrderTicket, ShownTicket
from shared.kernel.principal import Role
from shared.web.callers import Learn
from shared.web.clients import Client, ClientBook
from shared.web.fields import SECONDS_MAX, AmountFen, Form, MemberNumber, Number, UnitCode, whole
from shared.web.strict import Inbound
from shared.web.tokens import ALGORITHM, kid_of

TYPE = "order-ticket+jwt"
TICKET_MAX = 2_048
"""The longest ticket in characters; one with short numbers has about 300."""

OrderTicketText = Annotated[
    str,
    Form(
        "^[A-Za-z0-9_.-]+$",
        TICKET_MAX,
        "业务单位交给会员的订单凭证原文",
        "the order ticket as the unit handed it out",
    ),
]
"""A ticket as the unit handed it out."""


class TicketClaims(Inbound):
    """What a ticket says; `number` is the unit's member number that alone may use it, `iat` says nothing."""

    unit: UnitCode
    order_no: Number
    price_fen: AmountFen
    exp: Annotated[int, whole(1, SECONDS_MAX)]
    number: MemberNumber | None = None
    iat: Annotated[int, whole(0, SECONDS_MAX)] | None = None


class TicketReader:
    """Verifies tickets with the keys under which requests of units' systems are believed.

    :param learn: how to come to know systems that are new.
    """

    def __init__(self, clients: ClientBook, learn: Learn | None = None) -> None:
        self._clients = clients
        self._learn = learn

    async def shown(self, text: str) -> ShownTicket:
        """Read a ticket, once more if whoever signed it is known only now."""
        found = self.read(text)
        if found == NoTicket("signature") and self._learn is not None and await self._learn():
            found = self.read(text)
        return found

    def read(self, text: str) -> ShownTicket:
        """Give what a ticket says, or why it is none; whether it fits and lasts, the decision judges."""
        try:
            read = jwt.decode(text, self._key_of, algorithms=[ALGORITHM])
            signer = self._signer(read.header["kid"])
        except Exception:  # noqa: BLE001 - whatever a parser stumbles over, it is no ticket of ours
            return NoTicket("signature")
        try:
            said = TicketClaims.model_validate(read.claims)
        except ValidationError:
            return NoTicket("claims")
        if said.unit != signer.unit:
            return NoTicket("unit")
        ends = datetime.fromtimestamp(said.exp, UTC)
        return OrderTicket(said.unit, said.order_no, said.price_fen, ends, said.number)

    def _key_of(self, signature: GuestProtocol) -> OKPKey:
        return OKPKey.import_key(self._signer(kid_of(signature, TYPE)).public_key)

    def _signer(self, kid: str) -> Client:
        client = self._clients.find(kid)
        if client is None or client.role is not Role.UNIT_SYSTEM:
            raise LookupError("no system of a unit")
        return client
