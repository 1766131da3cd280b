"""A refresh token is used for the next pair; one that was used before ends its session."""

from dataclasses import dataclass

from services.member.domain.books import MemberBooks
from services.member.domain.session import refreshed
from shared.kernel.command import Asked, Needs, Outcome


@dataclass(frozen=True, slots=True)
class RefreshSession:
    """Carry a session on from one generation of its tokens."""

    asked: Asked
    session: str
    generation: int

    def needs(self) -> Needs:
        """State what must be locked and loaded."""
        return Needs(rows=(("session", self.session),))


def refresh_session(books: MemberBooks, command: RefreshSession) -> Outcome:
    """Give the pair that follows, or within 10 s the present one again.

    :raises SessionEnded: if the session is not known, ended, or 30 days without a refresh.
    :raises RefreshReused: if the token was used before.
    """
    before = books.sessions.get(command.session)
    session = refreshed(before, command.generation, books.now)
    return Outcome(changes=() if session is before else (session,), answer=session.pair)
