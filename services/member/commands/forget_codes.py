"""Codes and embedded messages are deleted when nobody can need them any more."""

from dataclasses import dataclass

from services.member.domain.books import MemberBooks
from services.member.domain.code import DAY
from services.member.domain.message import Forgotten
from shared.kernel.command import Asked, Needs, Outcome

KEPT_DAYS = 2


@dataclass(frozen=True, slots=True)
class ForgetCodes:
    """Delete what is two days old: by then a phone's daily count of codes has begun anew as well."""

    asked: Asked

    def needs(self) -> Needs:
        """State what must be locked and loaded: nothing."""
        return Needs()


def forget_codes(books: MemberBooks, _: ForgetCodes) -> Outcome:
    """Delete codes and messages of over two days ago."""
    return Outcome(changes=(Forgotten(books.now - KEPT_DAYS * DAY),))
