"""Staff look at a member's personal data. Refuses to answer before the look is on record."""

from dataclasses import dataclass

from services.member.domain.books import MemberBooks
from services.member.domain.reading import PersonalRead
from shared.kernel.command import Asked, Needs, Outcome
from shared.kernel.ids import derived
from shared.kernel.refusal import NotFound


@dataclass(frozen=True, slots=True)
class ReadMember:
    """Show a member's profile to staff who say why."""

    asked: Asked
    member: str
    reason: str

    def needs(self) -> Needs:
        """State what must be locked and loaded: nothing is locked, the profile is loaded."""
        return Needs(facts=(("profile", self.member),))


def read_member(books: MemberBooks, command: ReadMember) -> Outcome:
    """Leave a row that says who looked at whom and why, and give the profile.

    :raises NotFound: if there is no such member; nothing personal was read then.
    """
    principal = command.asked.principal
    assert principal is not None
    member = books.members.get(command.member)
    if member is None:
        raise NotFound()
    row = PersonalRead(
        derived(command.asked.id, 1), principal.subject, command.member, command.reason, books.now
    )
    identities = [
        {
            "kind": identity.kind.value,
            "scope": identity.scope,
            "value": identity.value,
            "linked_at": identity.linked_at.isoformat(),
            "range_known": identity.range_known,
        }
        for identity in books.identities_of(member.id)
    ]
    profile = {
        "member": member.shown,
        "registered_at": member.registered_at.isoformat(),
        "registered_by": member.registered_by,
        "identities": identities,
    }
    return Outcome(changes=(row,), answer=profile)
