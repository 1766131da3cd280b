"""Keys that may still be believed are announced again: who lost a copy has it by tomorrow."""

from dataclasses import dataclass

from services.member.domain.books import MemberBooks
from services.member.domain.signing_key import announced_again, publication
from shared.kernel.command import Asked, Needs, Outcome


@dataclass(frozen=True, slots=True)
class AnnounceKeys:
    """Announce the keys; the day in the command's key makes it once a day, whoever else announces."""

    asked: Asked

    def needs(self) -> Needs:
        """State what must be locked and loaded: all keys."""
        return Needs(naturals=("signing-keys",), rows=(("keys", "all"),))


def announce_keys(books: MemberBooks, _: AnnounceKeys) -> Outcome:
    """Count up and announce every key that may still be believed."""
    keys = announced_again(books.keys.values(), books.now)
    return Outcome(
        tuple(keys),
        {"announced": [key.kid for key in keys]},
        tuple(publication(key, books.now) for key in keys),
    )
