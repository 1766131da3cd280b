"""An importer registers a person with member numbers of several units."""

from dataclasses import dataclass
from datetime import datetime

from services.member.domain.books import MemberBooks
from services.member.domain.identity import WORLD, IdentityKind, Phone, StatedPhone
from services.member.domain.member import NewName, admitted, owner_of
from shared.kernel.command import Asked, Needs, Outcome
from shared.kernel.ids import derived


@dataclass(frozen=True, slots=True)
class RegisterPerson:
    """Make the numbers (unit, number) one person's.

    `verified` tells whether the installation believes the importer's phone; else it is kept as stated only.
    `at` is when the person was registered, in the importer's books.
    """

    asked: Asked
    reference: str
    numbers: tuple[tuple[str, str], ...]
    phone: Phone | None = None
    verified: bool = False
    at: datetime | None = None

    @property
    def names(self) -> tuple[NewName, ...]:
        """The names that are to be linked: all numbers, and the phone if it is believed."""
        numbers = tuple(NewName.of_number(unit, number) for unit, number in self.numbers)
        if self.phone is None or not self.verified:
            return numbers
        return (*numbers, NewName(IdentityKind.PHONE, WORLD, self.phone.e164, self.phone.range_known))

    def needs(self) -> Needs:
        """State what must be locked and loaded."""
        names = [name.name for name in self.names]
        return Needs(naturals=tuple(names), rows=tuple([("identity", name) for name in names]))


def register_person(books: MemberBooks, command: RegisterPerson) -> Outcome:
    """Give the member whose numbers these are; link what is nobody's yet, registering a member if none is.

    :raises NumbersOfTwoMembers: if two of the names are different members'.
    """
    principal = command.asked.principal
    assert principal is not None
    known, fresh = [], []
    for name in command.names:
        identity = books.identities.get(name.name)
        if identity is None:
            fresh.append(name)
        else:
            known.append(identity)
    owner = owner_of(known)
    member = None if owner is None else books.members[owner]
    at = command.at or books.now
    admission = admitted(member, derived(command.asked.id, 1), principal.subject, fresh, at)
    stated: tuple[StatedPhone, ...] = ()
    if command.phone is not None and not command.verified and member is None:
        phone = command.phone
        mark = derived(command.asked.id, 4)
        stated = (
            StatedPhone(mark, admission.member.id, phone.e164, phone.range_known, principal.subject, at),
        )
    return Outcome(
        changes=(*admission.changed, *stated),
        answer={"member": admission.member.shown, "reference": command.reference},
        events=admission.events,
    )
