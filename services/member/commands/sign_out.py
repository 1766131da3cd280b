"""A member ends a session. Signing out twice is no refusal: the wish is fulfilled."""

from dataclasses import dataclass

from services.member.domain.books import MemberBooks
from services.member.domain.session import ended
from shared.kernel.command import Asked, Needs, Outcome


@dataclass(frozen=True, slots=True)
class SignOut:
    """End the session that a refresh token belongs to, whatever its generation."""

    asked: Asked
    session: str

    def needs(self) -> Needs:
        """State what must be locked and loaded."""
        return Needs(rows=(("session", self.session),))


def sign_out(books: MemberBooks, command: SignOut) -> Outcome:
    """End the session, if it has not ended yet."""
    session = ended(books.sessions.get(command.session), books.now)
    return Outcome(changes=() if session is None else (session,), answer={"signed_out": True})
