"""Doors to members: their own profile, staff's look at one, the numbers that a unit's system registers."""

from typing import Annotated

from pydantic import BaseModel, Field

from services.member.api.front import Front
from services.member.api.shapes import BATCH_MAX, BULK_PATIENCE_S, BatchView, ItemKey, PhoneText
from services.member.commands.read_member import ReadMember
from services.member.commands.register_number import RegisterNumber
from services.member.domain.identity import Phone
from services.member.domain.reading import ReasonMissing
from services.member.queries.member_profile import member_profile
from shared.kernel.command import Asked, fingerprint
from shared.kernel.ids import read
from shared.kernel.principal import Role
from shared.kernel.refusal import NotFound
from shared.runtime.clock import mint_id
from shared.web.batch_reply import batch_reply
from shared.web.door import Call, Door, Given
from shared.web.fields import MemberNumber
from shared.web.strict import Inbound, Nothing

REASON_LEAST, REASON_MOST = 4, 200


class NumberWanted(Inbound):
    """A number of the caller's own unit; the phone is only kept as stated, and links nothing."""

    number: MemberNumber
    phone: PhoneText | None = None


class NumberItem(NumberWanted):
    """One number of a batch; without a key of its own it is named after the batch's key and the number."""

    key: ItemKey | None = None


class NumbersWanted(Inbound):
    """Up to 1,000 numbers of the caller's own unit."""

    numbers: Annotated[list[NumberItem], Field(min_length=1, max_length=BATCH_MAX)]


class NumberView(BaseModel):
    """Whose number it is."""

    member: str
    number: str


class IdentityView(BaseModel):
    """One identity; a member sees their own phone masked."""

    kind: str
    scope: str
    value: str
    linked_at: str
    range_known: bool


class ProfileView(BaseModel):
    """A member and all identities."""

    member: str
    registered_at: str
    registered_by: str
    identities: list[IdentityView]


def declare(door: Door, front: Front) -> None:
    """Add the doors to members."""

    @door.get("/me", takes=Nothing, gives=ProfileView, roles=(Role.MEMBER,))
    def show_me(asked: Asked, taken: Nothing, call: Call) -> Given:
        """Show the signed-in member their own profile, the phone masked."""
        member = read("mem", call.principal.subject)
        if member is None:
            raise NotFound()
        with front.reader.asked_by(holder=member) as questions:
            profile = member_profile(questions, member)
        if profile is None:
            raise NotFound()
        return profile

    @door.get("/members/{member}", takes=Nothing, gives=ProfileView, roles=(Role.OPERATOR,))
    async def show_member(asked: Asked, taken: Nothing, call: Call) -> Given:
        """Show staff a member's personal data; the header X-Reason says why and is kept with who and when."""
        reason = _reason(call)
        return await front.desk.ask(ReadMember(asked, call.id_of("member", "mem"), reason))

    @door.post(
        "/members/numbers", takes=NumberWanted, gives=NumberView, roles=(Role.UNIT_SYSTEM,), status=201
    )
    async def register_own_number(asked: Asked, taken: NumberWanted, call: Call) -> Given:
        """Register one number of the caller's own unit."""
        return await front.desk.ask(RegisterNumber(asked, taken.number, taken.phone))

    @door.post("/members/numbers/bulk", takes=NumbersWanted, gives=BatchView, roles=(Role.UNIT_SYSTEM,))
    async def register_own_numbers(asked: Asked, taken: NumbersWanted, call: Call) -> Given:
        """Register up to 1,000 numbers of the caller's own unit, each with its own key and answer."""
        commands = [RegisterNumber(_item(asked, item), item.number, item.phone) for item in taken.numbers]
        answers = await front.desk.ask_all(commands, BULK_PATIENCE_S)
        return batch_reply(answers, call, 201)


def _reason(call: Call) -> str:
    reason = (call.arrival.header(b"x-reason") or "").strip()
    try:
        # Headers are bytes: whoever writes Chinese there sends UTF-8, which servers read as Latin-1.
        reason = reason.encode("latin-1").decode()
    except UnicodeDecodeError:
        raise ReasonMissing() from None
    if not REASON_LEAST <= len(reason) <= REASON_MOST or not reason.isprintable():
        raise ReasonMissing()
    return reason


def _item(asked: Asked, item: NumberItem) -> Asked:
    assert asked.key is not None
    digest = fingerprint("number", item.number, _written(item.phone))
    key = item.key or f"{asked.key.key}:{item.number}"
    return asked.for_item(mint_id(), key, digest)


def _written(phone: Phone | None) -> str:
    return "" if phone is None else phone.e164
