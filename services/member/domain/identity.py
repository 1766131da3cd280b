"""Under which names a member is known: a phone, a unit's member number. Refuses to link what nobody verified.

An identity belongs to one member; who may link it is decided in domain/member.py.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class IdentityKind(StrEnum):
    """What sort of name it is."""

    PHONE = "phone"
    UNIT_NUMBER = "unit-number"


WORLD = "world"
"""The scope of what is unique everywhere, as a phone is; a unit's number has the unit as its scope."""


def identity_name(kind: IdentityKind, scope: str, value: str) -> str:
    """Write kind, scope and value as the one text under which an identity is locked and kept."""
    return f"{kind} {scope} {value}"


def phone_name(phone: str) -> str:
    """Name the identity of a phone (E.164)."""
    return identity_name(IdentityKind.PHONE, WORLD, phone)


@dataclass(frozen=True, slots=True)
class Identity:
    """A verified name of a member; `range_known` is False for a phone of a range too new for our tables."""

    kind: IdentityKind
    scope: str
    value: str
    member: str
    linked_at: datetime
    range_known: bool = True

    @property
    def name(self) -> str:
        """The one text under which it is locked and kept."""
        return identity_name(self.kind, self.scope, self.value)


@dataclass(frozen=True, slots=True)
class StatedPhone:
    """A phone that a unit or an importer stated for a member: nobody verified it, and it links nothing."""

    id: str
    member: str
    phone: str
    range_known: bool
    stated_by: str
    stated_at: datetime


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone as the border read it: E.164, and whether our tables know its range."""

    e164: str
    range_known: bool


def masked(phone: str) -> str:
    """Show a phone so that its owner knows it and nobody else learns it, as in `+86138****8000`."""
    return f"{phone[:-8]}****{phone[-4:]}" if len(phone) > 9 else f"****{phone[-2:]}"
