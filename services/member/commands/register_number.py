"""A unit's system registers one of its own member numbers. Refuses to link the phone it states."""

from dataclasses import dataclass

from services.member.domain.books import MemberBooks
from services.member.domain.identity import Phone, StatedPhone
from services.member.domain.member import NewName, admitted
from shared.kernel.command import Asked, Needs, Outcome
from shared.kernel.ids import derived
from shared.kernel.principal import Role


@dataclass(frozen=True, slots=True)
class RegisterNumber:
    """Make a unit's number a member's; the unit is the caller's own, never one that it names."""

    asked: Asked
    number: str
    phone: Phone | None = None

    @property
    def unit(self) -> str:
        """The unit whose system asks."""
        principal = self.asked.principal
        assert principal is not None
        principal.require(Role.UNIT_SYSTEM)
        assert principal.unit is not None
        return principal.unit

    @property
    def wanted(self) -> NewName:
        """The name that is to be somebody's."""
        return NewName.of_number(self.unit, self.number)

    def needs(self) -> Needs:
        """State what must be locked and loaded."""
        name = self.wanted.name
        return Needs(naturals=(name,), rows=(("identity", name),))


def register_number(books: MemberBooks, command: RegisterNumber) -> Outcome:
    """Give the number's member, registering one if the number is nobody's; keep the phone as stated only."""
    principal = command.asked.principal
    assert principal is not None
    name = command.wanted
    known = books.identities.get(name.name)
    if known is not None:
        return Outcome(answer={"member": books.members[known.member].shown, "number": name.value})
    admission = admitted(None, derived(command.asked.id, 1), principal.subject, (name,), books.now)
    stated: tuple[StatedPhone, ...] = ()
    if command.phone is not None:
        stated = (
            StatedPhone(
                derived(command.asked.id, 4),
                admission.member.id,
                command.phone.e164,
                command.phone.range_known,
                principal.subject,
                books.now,
            ),
        )
    return Outcome(
        changes=(*admission.changed, *stated),
        answer={"member": admission.member.shown, "number": name.value},
        events=admission.events,
    )
