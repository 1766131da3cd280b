"""Whom member told points to trust: systems by their keys, and the keys that sign tokens.

Refuses to judge a signature: the keyring does, from what is kept here.
"""

from collections.abc import Sequence

from psycopg2.extensions import cursor as Cursor

from services.points.domain.books import LedgerBooks
from services.points.domain.changes import ClientKept, SigningKeyKept
from services.points.store.noun import Noun


def _load_clients(cursor: Cursor, books: LedgerBooks, names: Sequence[str]) -> None:
    cursor.execute(
        "SELECT client, role, unit, public_key, is_revoked FROM clients WHERE client = ANY (%s)",
        (list(names),),
    )
    for row in cursor.fetchall():
        books.clients[row[0]] = ClientKept(*row)


def _keep_clients(cursor: Cursor, changes: Sequence[ClientKept]) -> None:
    for one in changes:
        cursor.execute(
            "INSERT INTO clients (client, role, unit, public_key, is_revoked) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT (client) DO UPDATE SET role = excluded.role, unit = excluded.unit,"
            " public_key = excluded.public_key, is_revoked = excluded.is_revoked",
            (one.client, one.role, one.unit, one.public_key, one.revoked),
        )


def _keep_signing_keys(cursor: Cursor, changes: Sequence[SigningKeyKept]) -> None:
    for one in changes:
        cursor.execute(
            "INSERT INTO signing_keys (kid, public_key, not_after) VALUES (%s, %s, %s)"
            " ON CONFLICT (kid) DO UPDATE"
            " SET public_key = excluded.public_key, not_after = excluded.not_after",
            (one.kid, one.public_key, one.not_after),
        )


CLIENTS = Noun("client", load=_load_clients, writers={ClientKept: _keep_clients})
SIGNING_KEYS = Noun("signing-key", writers={SigningKeyKept: _keep_signing_keys})
