"""The embedded carrier keeps a text where `tongfen messages` finds it; elsewhere a real one carries it."""

from dataclasses import dataclass, field

from services.member.domain.books import MemberBooks
from services.member.domain.message import Message
from shared.kernel.command import Asked, Needs, Outcome


@dataclass(frozen=True, slots=True)
class KeepMessage:
    """Keep a text under the id of the errand that carried it, so that a second try is the same message."""

    asked: Asked
    errand: str
    phone: str
    text: str = field(repr=False)

    def needs(self) -> Needs:
        """State what must be locked and loaded: nothing."""
        return Needs()


def keep_message(books: MemberBooks, command: KeepMessage) -> Outcome:
    """Keep the message."""
    return Outcome(changes=(Message(command.errand, command.phone, command.text, books.now),))
