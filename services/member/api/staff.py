"""Doors of staff: a token against the local secret, and the texts that the embedded carrier keeps.

Neither exists where it has no use: without a secret there is no token door, with a real carrier no texts.
"""

from hmac import compare_digest
from typing import Annotated

from pydantic import BaseModel, Field

from services.member.api.front import Front
from services.member.queries.message_list import message_list
from services.member.queries.staff_list import staff_list
from shared.kernel.command import Asked
from shared.kernel.principal import Role
from shared.kernel.refusal import Unauthenticated
from shared.runtime.clock import now
from shared.runtime.database import EVERY_UNIT
from shared.web.door import ANYONE, Call, Door, Given
from shared.web.strict import Inbound, Nothing


class StaffCredentials(Inbound):
    """Who wants to act, and the secret of this installation."""

    subject: Annotated[str, Field(strict=True, min_length=1, max_length=64)]
    secret: Annotated[str, Field(strict=True, min_length=1, max_length=256)]


class StaffToken(BaseModel):
    """A token of 15 minutes."""

    access_token: str
    token_type: str
    expires_in: int


class MessageView(BaseModel):
    """A text that would have been sent."""

    phone: str
    text: str
    sent_at: str


class MessagesView(BaseModel):
    """The latest hundred texts, the latest first."""

    data: list[MessageView]
    cursor: dict[str, str | None]


def declare(door: Door, front: Front, staff_secret: str | None) -> None:
    """Add the doors of staff that this installation has; without a secret there is none for tokens."""
    if staff_secret is not None:
        _add_token_door(door, front, staff_secret.encode())
    if front.embedded:
        _add_message_door(door, front)


def _add_token_door(door: Door, front: Front, secret: bytes) -> None:
    @door.post(
        "/staff-tokens", takes=StaffCredentials, gives=StaffToken, roles=ANYONE, status=201, keyed=False
    )
    def mint_staff_token(asked: Asked, taken: StaffCredentials, call: Call) -> Given:
        """Give a token of 15 minutes to a person of the staff who knows this installation's secret."""
        with front.reader.asked_by(unit=EVERY_UNIT) as questions:
            people = {person.subject: person for person in staff_list(questions)}
        principal = people.get(taken.subject)
        if not compare_digest(secret, taken.secret.encode()) or principal is None:
            raise Unauthenticated()
        call.note(subject=principal.subject)
        return front.mint.token(principal, now())


def _add_message_door(door: Door, front: Front) -> None:
    @door.get("/messages", takes=Nothing, gives=MessagesView, roles=(Role.OPERATOR,))
    def list_messages(asked: Asked, taken: Nothing, call: Call) -> Given:
        """Show the texts that the embedded carrier was given instead of sending them."""
        with front.reader.asked_by(unit=EVERY_UNIT) as questions:
            return {"data": message_list(questions), "cursor": {"next": None}}
