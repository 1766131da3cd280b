"""A signed-in member asks for a code to confirm one certain thing; it goes to their own verified phone."""

from dataclasses import dataclass, field

import orjson

from services.member.domain.books import MemberBooks
from services.member.domain.code import CODE_LASTS
from services.member.domain.confirmation import asked, phone_of
from services.member.domain.message import SEND_TEXT, Errand
from shared.kernel.command import Asked, Needs, Outcome
from shared.kernel.ids import derived


@dataclass(frozen=True, slots=True)
class AskConfirmation:
    """Send the member (canonical id) a new code for a purpose: its digest is kept, its text until sent."""

    asked: Asked
    member: str
    purpose: str
    digest: bytes = field(repr=False)
    text: str = field(repr=False)

    def needs(self) -> Needs:
        """State what must be locked and loaded."""
        name = f"confirmation {self.member}"
        return Needs(
            naturals=(name,), rows=(("confirmation", self.member),), facts=(("profile", self.member),)
        )


def ask_confirmation(books: MemberBooks, command: AskConfirmation) -> Outcome:
    """Replace the member's code and leave the errand that sends it.

    :raises PhoneMissing: if the member has no verified phone.
    :raises TooManyCodes: if the pause after the last code is not over.
    """
    now = books.now
    phone = phone_of(books.identities_of(command.member))
    kept = asked(
        books.confirmations.get(command.member), command.member, command.purpose, command.digest, now
    )
    until = (now + CODE_LASTS).isoformat()
    body = orjson.dumps({"phone": phone, "text": command.text, "until": until}).decode()
    errand = Errand(derived(command.asked.id, 1), SEND_TEXT, "confirmation", body, now)
    return Outcome((kept, errand), {"expires_in": int(CODE_LASTS.total_seconds())})
