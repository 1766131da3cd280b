"""Confirmations: read in a statement of their own, only where a batch asks for one."""

from collections.abc import Sequence

from psycopg2.extensions import cursor as Cursor

from services.member.domain.books import MemberBooks
from services.member.domain.confirmation import Confirmation

_READ = """
SELECT member::text, purpose, digest, sent_at, guesses, used, day_began_at, codes_in_day
FROM confirmations WHERE member = ANY (%s::uuid[])
"""


def load_confirmations(cursor: Cursor, books: MemberBooks, members: Sequence[str]) -> None:
    """Read the members' last codes; the name that each command has obtained guards them."""
    if not members:
        return
    cursor.execute(_READ, (list(members),))
    for member, purpose, digest, sent_at, guesses, used, day, codes in cursor.fetchall():
        books.confirmations[member] = Confirmation(
            member, purpose, bytes(digest), sent_at, guesses, used, day, codes
        )
