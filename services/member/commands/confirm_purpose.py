"""A member answers with the code they were sent: they mean that one thing. The door mints the proof."""

from dataclasses import dataclass, field

from services.member.domain.books import MemberBooks
from services.member.domain.confirmation import confirmed
from shared.kernel.command import Asked, Needs, Outcome
from shared.kernel.ids import shown


@dataclass(frozen=True, slots=True)
class ConfirmPurpose:
    """The digest of the code that the member (canonical id) typed for a purpose."""

    asked: Asked
    member: str
    purpose: str
    digest: bytes = field(repr=False)

    def needs(self) -> Needs:
        """State what must be locked and loaded."""
        return Needs(naturals=(f"confirmation {self.member}",), rows=(("confirmation", self.member),))


def confirm_purpose(books: MemberBooks, command: ConfirmPurpose) -> Outcome:
    """Use the code up; the answer names what the proof says, and nothing secret.

    :raises WrongConfirmationCode: if it is another code; the guess is counted.
    :raises CodeLocked: if six guesses were wrong.
    :raises CodeExpired: if no code for that purpose is valid.
    """
    kept = confirmed(books.confirmations.get(command.member), command.purpose, command.digest, books.now)
    return Outcome(
        (kept,),
        {
            "member": shown("mem", command.member),
            "purpose": command.purpose,
            "confirmed_at": books.now.isoformat(),
        },
    )
