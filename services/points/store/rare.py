"""What few commands touch: rules, months, clients, keys, statements, moved wallets.

Each is a statement of its own, so that the two calls every batch makes stay small.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import orjson
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

from services.points.domain import changes as c
from services.points.domain.account import UNIT_ROLES
from services.points.domain.books import LedgerBooks
from services.points.domain.draft import Draft
from services.points.domain.month import MonthState
from services.points.domain.rulebook import RuleKind, RuleVersion
from services.points.store.pay_codes import load_guessers
from shared.kernel.command import Row
from shared.runtime.memory import json_text

LATCHED = ("rulebook", "calendar", "client", "signing-key", "guesser", "sheet")


def load(cursor: Cursor, books: LedgerBooks, rows: Sequence[Row], facts: Sequence[Row]) -> dict[Row, str]:
    """Lock the latches these rows ask for and read the rare facts; tell which locks were obtained."""
    latched = [row for row in rows if row[0] in LATCHED]
    locks = _latch(cursor, latched) if latched else {}
    for noun, name in latched:
        if noun == "rulebook":
            _read_rulebook(cursor, books)
        elif noun == "client":
            _read_client(cursor, books, name)
    guessers = [name for noun, name in latched if noun == "guesser"]
    if guessers:
        load_guessers(cursor, books, guessers)
    for noun, name in facts:
        if noun == "rule":
            _read_draft(cursor, books, name)
        elif noun == "statements":
            cursor.execute("SELECT 1 FROM summaries WHERE month = %s", (name,))
            if cursor.fetchone():
                books.stated.add(date.fromisoformat(name))
    return locks


def _latch(cursor: Cursor, latched: Sequence[Row]) -> dict[Row, str]:
    nouns, ids = [noun for noun, _ in latched], [name for _, name in latched]
    cursor.execute(
        "INSERT INTO latches (noun, id, version)"
        " SELECT noun, id, 0 FROM unnest(%s::text[], %s::text[]) AS n(noun, id)"
        " ORDER BY noun, id ON CONFLICT DO NOTHING",
        (nouns, ids),
    )
    cursor.execute(
        "SELECT noun, id FROM latches WHERE (noun, id) IN (SELECT * FROM unnest(%s::text[], %s::text[]))"
        " ORDER BY noun, id FOR NO KEY UPDATE SKIP LOCKED",
        (nouns, ids),
    )
    return {(noun, name): f"{noun} {name}" for noun, name in cursor.fetchall()}


def _read_rulebook(cursor: Cursor, books: LedgerBooks) -> None:
    cursor.execute("SELECT kind, subject, max(version) FROM rules GROUP BY kind, subject")
    books.rule_counts.update({(kind, subject): version for kind, subject, version in cursor.fetchall()})
    cursor.execute("SELECT EXISTS (SELECT 1 FROM journals)")
    books.journals_exist = bool((cursor.fetchone() or (False,))[0])


def _read_draft(cursor: Cursor, books: LedgerBooks, rule_id: str) -> None:
    cursor.execute(
        "SELECT id, kind, subject, version, valid_from, body, drafted_by, approved_by"
        " FROM rules WHERE id = %s",
        (rule_id,),
    )
    for id_, kind, subject, version, valid_from, body, drafted_by, approved_by in cursor.fetchall():
        read = RuleVersion(RuleKind(kind), subject, version, valid_from, orjson.loads(body))
        books.drafts[id_] = Draft(id_, read, drafted_by, approved_by)


def _read_client(cursor: Cursor, books: LedgerBooks, client: str) -> None:
    cursor.execute(
        "SELECT client, role, unit, public_key, is_revoked FROM clients WHERE client = %s", (client,)
    )
    for row in cursor.fetchall():
        books.clients[row[0]] = c.ClientKept(*row)


def save(cursor: Cursor, by_kind: Mapping[type, Sequence[Any]]) -> None:
    """Write the rare changes among the applied ones, kind by kind, in the order below."""
    for kind, write in _WRITERS.items():
        changes = by_kind.get(kind)
        if changes:
            write(cursor, changes)


def _move_wallets(cursor: Cursor, changes: Sequence[c.WalletMoved]) -> None:
    moved = {change.wallet_id: change.holder_id for change in changes}
    execute_values(
        cursor,
        "UPDATE wallets AS w SET holder_id = n.holder_id::uuid FROM (VALUES %s) AS n(id, holder_id)"
        " WHERE w.id = n.id::uuid",
        list(moved.items()),
        page_size=1000,
    )


def _decline(cursor: Cursor, changes: Sequence[c.RedemptionDeclined]) -> None:
    execute_values(
        cursor,
        "INSERT INTO declines (id, unit, order_no, code, occurred_at, month) VALUES %s",
        [(one.id, one.unit, one.order_no, one.code, one.occurred_at, one.month) for one in changes],
        page_size=1000,
    )


def _draft_rules(cursor: Cursor, changes: Sequence[c.RuleDrafted]) -> None:
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


def _approve_rules(cursor: Cursor, changes: Sequence[c.RuleApproved]) -> None:
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


def _turn_months(cursor: Cursor, changes: Sequence[c.MonthTurned]) -> None:
    for one in changes:
        if one.state is MonthState.OPEN:
            cursor.execute("SELECT open_month(%s)", (one.month,))
            cursor.execute(
                "INSERT INTO months (month, state, opened_by, opened_at) VALUES (%s, %s, %s, %s)",
                (one.month, one.state.value, one.subject, one.at),
            )
        else:
            cursor.execute(
                "UPDATE months SET state = %s, closed_by = %s, closed_at = %s WHERE month = %s",
                (one.state.value, one.subject, one.at, one.month),
            )


def _keep_clients(cursor: Cursor, changes: Sequence[c.ClientKept]) -> None:
    for one in changes:
        cursor.execute(
            "INSERT INTO clients (client, role, unit, public_key, is_revoked) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT (client) DO UPDATE SET role = excluded.role, unit = excluded.unit,"
            " public_key = excluded.public_key, is_revoked = excluded.is_revoked",
            (one.client, one.role, one.unit, one.public_key, one.revoked),
        )


def _keep_signing_keys(cursor: Cursor, changes: Sequence[c.SigningKeyKept]) -> None:
    for one in changes:
        cursor.execute(
            "INSERT INTO signing_keys (kid, public_key, not_after) VALUES (%s, %s, %s)"
            " ON CONFLICT (kid) DO UPDATE"
            " SET public_key = excluded.public_key, not_after = excluded.not_after",
            (one.kid, one.public_key, one.not_after),
        )


def _issue_statements(cursor: Cursor, changes: Sequence[c.StatementsIssued]) -> None:
    for one in changes:
        for statement in one.statements:
            figures = json_text(statement)
            cursor.execute(
                "INSERT INTO statements (id, month, unit, net_fen, figures, issued_at)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                (statement["id"], one.month, statement["unit"], statement["net_fen"], figures, one.issued_at),
            )
        cursor.execute(
            "INSERT INTO summaries (month, figures, issued_at) VALUES (%s, %s, %s)",
            (one.month, json_text(one.summary), one.issued_at),
        )


_WRITERS: dict[type, Callable[[Cursor, Any], None]] = {
    c.RuleDrafted: _draft_rules,
    c.RuleApproved: _approve_rules,
    c.MonthTurned: _turn_months,
    c.WalletMoved: _move_wallets,
    c.RedemptionDeclined: _decline,
    c.ClientKept: _keep_clients,
    c.SigningKeyKept: _keep_signing_keys,
    c.StatementsIssued: _issue_statements,
}
