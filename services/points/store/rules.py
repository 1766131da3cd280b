"""The rulebook as the database has it, kept on a shelf until its version number moves on."""

import orjson
from psycopg2.extensions import cursor as Cursor

from services.points.domain.account import Accounts
from services.points.domain.rulebook import Rulebook, RuleKind, RuleVersion


class RulebookShelf:
    """One desk's copy of the approved rules and the house's accounts."""

    def __init__(self) -> None:
        self._version: int | None = None
        self._rulebook = Rulebook()
        self._accounts = Accounts({})

    def at(self, cursor: Cursor, version: int) -> tuple[Rulebook, Accounts]:
        """Give rulebook and accounts at that version number, read again if it has moved on."""
        if version != self._version:
            self._rulebook = Rulebook(tuple(list_approved(cursor)))
            cursor.execute("SELECT role, unit, id FROM accounts")
            self._accounts = Accounts({(role, unit): number for role, unit, number in cursor.fetchall()})
            self._version = version
        return self._rulebook, self._accounts


def list_approved(cursor: Cursor) -> list[RuleVersion]:
    """Read every approved version of every rule."""
    cursor.execute(
        "SELECT kind, subject, version, valid_from, body FROM rules WHERE approved_at IS NOT NULL"
        " ORDER BY kind, subject, version"
    )
    return [
        RuleVersion(RuleKind(kind), subject, version, valid_from, orjson.loads(body))
        for kind, subject, version, valid_from, body in cursor.fetchall()
    ]
