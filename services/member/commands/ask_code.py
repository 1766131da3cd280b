"""A phone asks for a one-time code. Refuses to tell, by answer or by path, whether it is a member's."""

from dataclasses import dataclass, field

import orjson

from services.member.domain.books import MemberBooks
from services.member.domain.code import CODE_LASTS, challenged
from services.member.domain.message import SEND_TEXT, Errand
from shared.kernel.command import Asked, Needs, Outcome
from shared.kernel.ids import derived


@dataclass(frozen=True, slots=True)
class AskCode:
    """Send a new code to a phone (E.164): its digest is kept, its text only until the errand is done."""

    asked: Asked
    phone: str
    digest: bytes = field(repr=False)
    text: str = field(repr=False)

    def needs(self) -> Needs:
        """State what must be locked and loaded."""
        return Needs(naturals=(f"challenge {self.phone}",), rows=(("challenge", self.phone),))


def ask_code(books: MemberBooks, command: AskCode) -> Outcome:
    """Replace the phone's code and leave the errand that sends it.

    :raises TooManyCodes: if the pause after the phone's last code is not over.
    """
    now = books.now
    challenge = challenged(books.challenges.get(command.phone), command.phone, command.digest, now)
    until = (now + CODE_LASTS).isoformat()
    body = orjson.dumps({"phone": command.phone, "text": command.text, "until": until}).decode()
    errand = Errand(derived(command.asked.id, 1), SEND_TEXT, "code", body, now)
    return Outcome(changes=(challenge, errand))
