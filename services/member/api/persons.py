"""Doors of an importer: a person with member numbers of several units, singly and in bulk."""

from typing import Annotated

from pydantic import BaseModel, Field

from services.member.api.front import Front
from services.member.api.shapes import BATCH_MAX, BULK_PATIENCE_S, BatchView, ItemKey, PhoneText
from services.member.commands.register_person import RegisterPerson
from shared.kernel.command import Asked, fingerprint
from shared.kernel.principal import Role
from shared.runtime.clock import mint_id
from shared.web.batch_reply import batch_reply
from shared.web.door import Call, Door, Given
from shared.web.fields import MemberNumber, Moment, Number, UnitCode
from shared.web.strict import Inbound

NUMBERS_MAX = 50


class PersonWanted(Inbound):
    """A person: the importer's own reference, a number per unit, perhaps a phone, and when it was."""

    reference: Number
    numbers: Annotated[dict[UnitCode, MemberNumber], Field(min_length=1, max_length=NUMBERS_MAX)]
    phone: PhoneText | None = None
    at: Moment | None = None


class PersonItem(PersonWanted):
    """One person of a batch; without a key of its own it is named after the batch's key and the reference."""

    key: ItemKey | None = None


class PersonsWanted(Inbound):
    """Up to 1,000 persons."""

    persons: Annotated[list[PersonItem], Field(min_length=1, max_length=BATCH_MAX)]


class PersonView(BaseModel):
    """Which member the person is."""

    member: str
    reference: str


def declare(door: Door, front: Front) -> None:
    """Add the importer's doors."""

    def command(asked: Asked, item: PersonWanted) -> RegisterPerson:
        return RegisterPerson(
            asked, item.reference, tuple(item.numbers.items()), item.phone, front.embedded, item.at
        )

    @door.post("/persons", takes=PersonWanted, gives=PersonView, roles=(Role.IMPORTER,), status=201)
    async def register_one_person(asked: Asked, taken: PersonWanted, call: Call) -> Given:
        """Register a person; numbers that are one member's already lead to that member."""
        return await front.desk.ask(command(asked, taken))

    @door.post("/persons/bulk", takes=PersonsWanted, gives=BatchView, roles=(Role.IMPORTER,))
    async def register_many_persons(asked: Asked, taken: PersonsWanted, call: Call) -> Given:
        """Register up to 1,000 persons, each with its own key and its own answer."""
        commands = [command(_item(asked, item), item) for item in taken.persons]
        return batch_reply(await front.desk.ask_all(commands, BULK_PATIENCE_S), call, 201)


def _item(asked: Asked, item: PersonItem) -> Asked:
    assert asked.key is not None
    parts = [f"{unit}={number}" for unit, number in item.numbers.items()]
    phone = "" if item.phone is None else item.phone.e164
    at = "" if item.at is None else item.at.isoformat()
    digest = fingerprint("person", item.reference, phone, at, *parts)
    key = item.key or f"{asked.key.key}:{item.reference}"
    return asked.for_item(mint_id(), key, digest)
