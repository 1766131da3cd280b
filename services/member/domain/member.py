"""A member and how identities come to it. Refuses to guess that two members are one person."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from services.member.domain.identity import Identity, IdentityKind, identity_name
from shared.kernel.command import Announcement
from shared.kernel.ids import shown
from shared.kernel.number import normal
from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words

REGISTERED = "member.member.registered"
LINKED = "member.identity.linked"


class NumbersOfTwoMembers(Refusal):
    """The names that should be one person's already belong to two."""

    kind = Kind.CONFLICT
    code = "numbers-of-two-members"
    title = Words("这些号码分属不同会员", "These numbers belong to different members")
    advice = Words(
        "请分别核对这些号码；合并会员是另一项操作，不能由登记完成。",
        "Check the numbers one by one; merging members is another act that a registration cannot do.",
    )


@dataclass(frozen=True, slots=True)
class Member:
    """A person; `version` counts what was announced about them, so it is the `seq` of the last event."""

    id: str
    version: int
    registered_at: datetime
    registered_by: str

    @property
    def shown(self) -> str:
        """The id as people and other services see it."""
        return shown("mem", self.id)


@dataclass(frozen=True, slots=True)
class NewName:
    """A name that is to become a member's."""

    kind: IdentityKind
    scope: str
    value: str
    range_known: bool = True

    @classmethod
    def of_number(cls, unit: str, number: str) -> Self:
        """Make the name of a unit's member number, in the number's one spelling."""
        return cls(IdentityKind.UNIT_NUMBER, unit, normal(number))

    @property
    def name(self) -> str:
        """The one text under which it is locked and kept."""
        return identity_name(self.kind, self.scope, self.value)


@dataclass(frozen=True, slots=True)
class Admission:
    """What a registration comes to: the member, what was newly linked, what is to be announced."""

    member: Member
    identities: tuple[Identity, ...]
    events: tuple[Announcement, ...]

    @property
    def changed(self) -> tuple[Member | Identity, ...]:
        """What must be saved: nothing if all was known before."""
        return (self.member, *self.identities) if self.events or self.identities else ()


def owner_of(known: Iterable[Identity]) -> str | None:
    """Tell whose the known names are, or None if they are nobody's.

    :raises NumbersOfTwoMembers: if they are more than one member's.
    """
    owners = {identity.member for identity in known}
    if len(owners) > 1:
        raise NumbersOfTwoMembers()
    return owners.pop() if owners else None


def admitted(
    member: Member | None, fresh_id: str, by: str, names: Sequence[NewName], at: datetime
) -> Admission:
    """Link the names, none of which is anybody's yet, to the member; register a member if there is none.

    A phone is linked without being announced: phones never leave this service.
    """
    events: list[Announcement] = []
    if member is None:
        member = Member(fresh_id, 1, at, by)
        events.append(Announcement(REGISTERED, member.shown, 1, {"member": member.shown}, at))
    identities = []
    for name in names:
        identities.append(Identity(name.kind, name.scope, name.value, member.id, at, name.range_known))
        if name.kind is IdentityKind.UNIT_NUMBER:
            member = replace(member, version=member.version + 1)
            linked = {"member": member.shown, "unit": name.scope, "number": name.value}
            events.append(Announcement(LINKED, member.shown, member.version, linked, at))
    return Admission(member, tuple(identities), tuple(events))
