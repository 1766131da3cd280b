"""Doors of confirmations: a code to one's own phone, and the short proof that it was answered."""

from secrets import randbelow
from typing import Annotated

import orjson
from pydantic import BaseModel

from services.member.api.front import Front
from services.member.commands.ask_confirmation import AskConfirmation
from services.member.commands.confirm_purpose import ConfirmPurpose
from services.member.domain.code import CODE_DIGITS
from services.member.domain.message import CONFIRMING_TEXT
from shared.kernel.command import Asked
from shared.kernel.ids import read
from shared.kernel.principal import Role
from shared.kernel.refusal import NotFound
from shared.web.door import Call, Door, Given
from shared.web.fields import digits_form, id_form
from shared.web.reply import json_reply, repeated
from shared.web.strict import Inbound

CREATED = 201

Purpose = Annotated[str, id_form("gft")]
"""What is to be confirmed: a gift of points, by its id."""


class ConfirmationWanted(Inbound):
    """What the member means to confirm."""

    purpose: Purpose


class ConfirmationSent(BaseModel):
    """A code is on its way to the member's own phone, valid for so many seconds."""

    expires_in: int


class ConfirmationCode(Inbound):
    """What is confirmed, and the code that the member read."""

    purpose: Purpose
    code: Annotated[str, digits_form(CODE_DIGITS)]


class ConfirmationProof(BaseModel):
    """The proof to show where the thing is done; it stands for this member and this purpose alone."""

    confirmation: str
    purpose: str
    expires_in: int


def declare(door: Door, front: Front) -> None:
    """Add the doors of confirmations."""
    mint = front.mint

    def member_of(call: Call) -> str:
        member = read("mem", call.principal.subject)
        if member is None:
            raise NotFound()
        return member

    @door.post(
        "/confirmations", takes=ConfirmationWanted, gives=ConfirmationSent, roles=(Role.MEMBER,), status=202
    )
    async def ask_for_confirmation(asked: Asked, taken: ConfirmationWanted, call: Call) -> Given:
        """Send a code to one's own verified phone, to confirm one certain thing."""
        member = member_of(call)
        code = f"{randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
        text = CONFIRMING_TEXT.told(call.language, {"code": code})
        digest = mint.secret.confirmation_digest(member, taken.purpose, code)
        return await front.desk.ask(AskConfirmation(asked, member, taken.purpose, digest, text))

    @door.post(
        "/confirmations/answer",
        takes=ConfirmationCode,
        gives=ConfirmationProof,
        roles=(Role.MEMBER,),
        status=CREATED,
    )
    async def answer_with_code(asked: Asked, taken: ConfirmationCode, call: Call) -> Given:
        """Answer with the code and get the proof, good for five minutes and for nothing else."""
        member = member_of(call)
        digest = mint.secret.confirmation_digest(member, taken.purpose, taken.code)
        answer = await front.desk.ask(ConfirmPurpose(asked, member, taken.purpose, digest))
        if answer.json is None:
            return answer
        reply = json_reply(mint.confirmation(orjson.loads(answer.json)), CREATED)
        # Minted anew from the kept answer, the proof is the same: the caller hears that it is a repeat.
        return repeated(reply) if answer.replayed else reply
