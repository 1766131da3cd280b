"""Sessions: one sign-in, carried on by refresh tokens that are each used once.

Refuses to hold a token: a session knows its generation, the door mints the pair that belongs to it.
A refresh token that comes back after its successor was used is stolen goods: the whole session ends.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.kernel.ids import shown
from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words

SESSION_LASTS = timedelta(days=30)
"""How long a session lives without a refresh."""

SAME_PAIR = timedelta(seconds=10)
"""Within this the same refresh gives the same pair: a phone that lost the answer asks again."""


class SessionEnded(Refusal):
    """The session was signed out, ran out, or is not known."""

    kind = Kind.UNAUTHENTICATED
    code = "session-ended"
    title = Words("登录已失效", "The session has ended")
    advice = Words("请重新登录。", "Sign in again.")


class RefreshReused(Refusal):
    """A refresh token came back after its successor had been given out."""

    kind = Kind.UNAUTHENTICATED
    code = "refresh-reused"
    title = Words("刷新令牌被重复使用", "A refresh token was used twice")
    advice = Words("为安全起见该登录已终止，请重新登录。", "The session was ended for safety; sign in again.")


SIGNED_OUT = "signed-out"
REUSED = "refresh-reused"


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in of a member; `generation` counts its token pairs, the last was given at `rotated_at`."""

    id: str
    member: str
    generation: int
    opened_at: datetime
    rotated_at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None

    @property
    def pair(self) -> dict[str, object]:
        """The answer that tells the door which pair of tokens to mint; nothing in it is secret."""
        return {
            "member": shown("mem", self.member),
            "session": self.id,
            "generation": self.generation,
            "issued_at": self.rotated_at.isoformat(),
        }


def opened(session_id: str, member: str, now: datetime) -> Session:
    """Open a session with its first pair."""
    return Session(session_id, member, 1, now, now)


def refreshed(session: Session | None, generation: int, now: datetime) -> Session:
    """Carry the session on: the token of the present generation brings the next one.

    The token before it, within 10 s, gives the present pair again, unchanged.

    :raises SessionEnded: if the session is not known, ended, or 30 days without a refresh.
    :raises RefreshReused: if the token was used before; the session ends with it.
    """
    if session is None or session.ended_at is not None or now - session.rotated_at >= SESSION_LASTS:
        raise SessionEnded()
    if generation == session.generation:
        return replace(session, generation=generation + 1, rotated_at=now)
    if generation == session.generation - 1 and timedelta(0) <= now - session.rotated_at < SAME_PAIR:
        return session
    raise RefreshReused(changes=(replace(session, ended_at=now, ended_by=REUSED),))


def ended(session: Session | None, now: datetime) -> Session | None:
    """End the session by its member's wish; None if there is nothing to end."""
    if session is None or session.ended_at is not None:
        return None
    return replace(session, ended_at=now, ended_by=SIGNED_OUT)
