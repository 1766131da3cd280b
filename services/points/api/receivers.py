"""Whom points are meant for: a member, or a unit's member number."""

from typing import Annotated, Self

from pydantic import BaseModel, model_validator

from services.points.domain.naming import number_identity
from shared.web.faults import broken
from shared.web.fields import MemberNumber, UnitCode, id_form
from shared.web.strict import Inbound

MemberId = Annotated[str, id_form("mem")]
"""A member as people and other services see them."""


class Receiver(Inbound):
    """Either `member`, or `unit` and `number`."""

    member: MemberId | None = None
    unit: UnitCode | None = None
    number: MemberNumber | None = None

    @model_validator(mode="after")
    def _one_way_to_name_them(self) -> Self:
        named = (self.unit is not None, self.number is not None)
        if named != ((True, True) if self.member is None else (False, False)):
            raise broken(
                "receiver",
                "须填写 member，或同时填写 unit 与 number，二者择一",
                "either member, or unit and number are needed",
            )
        return self


class ReceiverView(BaseModel):
    """Whom it was meant for."""

    member: str | None = None
    unit: str | None = None
    number: str | None = None


def identity_of(receiver: Receiver) -> str:
    """Give the identity whose wallet is meant."""
    if receiver.member is not None:
        return receiver.member
    return number_identity(str(receiver.unit), str(receiver.number))
