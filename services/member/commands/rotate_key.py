"""A new signing key follows the present one. Refuses to see it in clear: whoever made it has sealed it."""

from dataclasses import dataclass, field

from services.member.domain.books import MemberBooks
from services.member.domain.signing_key import publication, rotated, wants_renewal
from shared.kernel.command import Asked, Needs, Outcome


@dataclass(frozen=True, slots=True)
class RotateKey:
    """Let a fresh key pair follow; `only_if_due`: not while a key still signs for over a week."""

    asked: Asked
    kid: str
    public_key: str
    sealed: bytes = field(repr=False)
    only_if_due: bool = False

    def needs(self) -> Needs:
        """State what must be locked and loaded: all keys, because they follow each other."""
        return Needs(naturals=("signing-keys",), rows=(("keys", "all"),))


def rotate_key(books: MemberBooks, command: RotateKey) -> Outcome:
    """Keep the new key, shorten the others, and announce each that changed."""
    present, now = list(books.keys.values()), books.now
    if command.only_if_due and not wants_renewal(present, now):
        return Outcome(answer={"rotated": False})
    changed = rotated(present, command.kid, command.public_key, command.sealed, now)
    fresh = changed[-1]
    answer = {
        "rotated": True,
        "kid": fresh.kid,
        "signs_from": fresh.signs_from.isoformat(),
        "signs_until": fresh.signs_until.isoformat(),
    }
    return Outcome(tuple(changed), answer, tuple(publication(key, now) for key in changed))
