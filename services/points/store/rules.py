"""Rules: drafts and approvals one by one; the rulebook as a whole, on a shelf until its version moves on."""

from collections.abc import Sequence

import orjson
from psycopg2.extensions import cursor as Cursor

from services.points.domain.account import UNIT_ROLES, Accounts
from services.points.domain.books import LedgerBooks
from services.points.domain.changes import RuleApproved, RuleDrafted
from services.points.domain.draft import Draft
from services.points.domain.rulebook import Rulebook, RuleKind, RuleVersion
from services.points.store.noun import Noun
from shared.runtime.memory import json_text


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


def _load_counts(cursor: Cursor, books: LedgerBooks, _: Sequence[str]) -> None:
    cursor.execute("SELECT kind, subject, max(version) FROM rules GROUP BY kind, subject")
    books.rule_counts.update({(kind, subject): version for kind, subject, version in cursor.fetchall()})
    cursor.execute("SELECT EXISTS (SELECT 1 FROM journals)")
    books.journals_exist = bool((cursor.fetchone() or (False,))[0])


def _load_drafts(cursor: Cursor, books: LedgerBooks, ids: Sequence[str]) -> None:
    cursor.execute(
        "SELECT id, kind, subject, version, valid_from, body, drafted_by, approved_by"
        " FROM rules WHERE id = ANY (%s::uuid[])",
        (list(ids),),
    )
    for id_, kind, subject, version, valid_from, body, drafted_by, approved_by in cursor.fetchall():
        read = RuleVersion(RuleKind(kind), subject, version, valid_from, orjson.loads(body))
        books.drafts[id_] = Draft(id_, read, drafted_by, approved_by)


def _draft(cursor: Cursor, changes: Sequence[RuleDrafted]) -> None:
    for one in changes:
        version = one.version
        cursor.execute(
            "INSERT INTO rules (id, kind, subject, version, valid_from, body, drafted_by, drafted_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            (
                one.id,
                version.kind.value,
                version.subject,
                version.version,
                version.valid_from,
                json_text(version.body),
                one.drafted_by,
                one.drafted_at,
            ),
        )


def _approve(cursor: Cursor, changes: Sequence[RuleApproved]) -> None:
    for one in changes:
        cursor.execute(
            "UPDATE rules SET approved_by = %s, approved_at = %s WHERE id = %s",
            (one.approved_by, one.approved_at, one.id),
        )
        if one.version.kind is RuleKind.UNIT:
            _open_accounts(cursor, one.version.subject)
    # Whoever keeps a rulebook on a shelf reads it again when this number has moved.
    cursor.execute("UPDATE latches SET version = version + 1 WHERE noun = 'rulebook' AND id = 'group'")


def _open_accounts(cursor: Cursor, unit: str) -> None:
    for role in UNIT_ROLES:
        cursor.execute(
            "INSERT INTO accounts (id, role, unit) VALUES (nextval('house_account_id'), %s, %s)"
            " ON CONFLICT (role, unit) DO NOTHING",
            (role.value, unit),
        )


RULEBOOK = Noun("rulebook", load=_load_counts)
RULES = Noun("rule", load=_load_drafts, writers={RuleDrafted: _draft, RuleApproved: _approve})
