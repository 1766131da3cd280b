"""Numbers: whether points has heard of a unit's member numbers, and who holds them."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field

from services.points.api.front import Front
from services.points.queries.numbers import numbers_known
from shared.kernel.command import Asked
from shared.kernel.principal import Role
from shared.web.door import Call, Door
from shared.web.fields import MemberNumber, UnitCode
from shared.web.strict import Inbound


class UnitNumber(Inbound):
    """A member number of a unit."""

    unit: UnitCode
    number: MemberNumber


class LookupBody(Inbound):
    """Up to 1,000 numbers."""

    numbers: Annotated[list[UnitNumber], Field(min_length=1, max_length=1_000)]


class NumberView(BaseModel):
    """A number with its holder, and the member it is linked to; null where not known or not yours to know."""

    unit: str
    number: str
    holder: str | None
    member: str | None


class LookupView(BaseModel):
    """Numbers in the order they were asked for."""

    data: list[NumberView]


def declare(door: Door, front: Front) -> None:
    """Declare the lookup of numbers."""

    @door.post(
        "/numbers/lookup",
        takes=LookupBody,
        gives=LookupView,
        roles=(Role.UNIT_SYSTEM, Role.IMPORTER),
        keyed=False,
    )
    def look_up_numbers(asked: Asked, body: LookupBody, call: Call) -> Mapping[str, Any]:
        """Tell for each number whether it has a wallet, and the member it is linked to (for importers)."""
        asked_for = [(one.unit, one.number) for one in body.numbers]
        with front.asking(call) as questions:
            return {"data": numbers_known(questions, asked_for)}
