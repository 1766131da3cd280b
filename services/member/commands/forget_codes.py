"""Codes, embedded messages, kept answers and used numbers are deleted when nobody can need them any more."""

from dataclasses import dataclass

from services.member.domain.books import MemberBooks
from services.member.domain.code import DAY
from services.member.domain.message import Forgotten
from shared.kernel.command import Asked, Needs, Outcome

CODES_KEPT = 2 * DAY
ANSWERS_KEPT = 30 * DAY
"""How long a repeat of a keyed request gets its first answer."""


@dataclass(frozen=True, slots=True)
class ForgetCodes:
    """Delete codes of over two days ago: by then a phone's daily count of codes has begun anew as well."""

    asked: Asked

    def needs(self) -> Needs:
        """State what must be locked and loaded: nothing."""
        return Needs()


def forget_codes(books: MemberBooks, _: ForgetCodes) -> Outcome:
    """Delete codes and messages after two days, kept answers after 30, numbers used once when over."""
    return Outcome(changes=(Forgotten(books.now - CODES_KEPT, books.now - ANSWERS_KEPT, books.now),))
