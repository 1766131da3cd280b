"""Public keys as member announced them, kept in memory and read again every round: tokens' and systems'.

Refuses to ask the database for one key: whoever floods with made-up names makes it be asked for all of them,
at most ten times a second.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from psycopg2.extensions import connection as Connection

from shared.kernel.principal import Role
from shared.runtime import clock
from shared.web.clients import Client
from shared.web.keys import public_key_of


class TokenKeys:
    """The keys under which tokens are believed, by kid."""

    def __init__(self) -> None:
        self.known: dict[str, tuple[Ed25519PublicKey, datetime]] = {}

    def find(self, kid: str) -> Ed25519PublicKey | None:
        """Find a key that is published and not over."""
        found = self.known.get(kid)
        return found[0] if found is not None and clock.now() < found[1] else None


class ClientKeys:
    """The systems whose signatures are believed, by name."""

    def __init__(self) -> None:
        self.known: dict[str, Client] = {}

    def find(self, client_id: str) -> Client | None:
        """Find a client that is registered and not revoked."""
        return self.known.get(client_id)


class Keyring:
    """Both kinds of keys, read again by a job of the process.

    :param importers: whether systems that may state times are believed.
    """

    def __init__(self, connect: Callable[[], Connection], *, importers: bool) -> None:
        self._importers = importers
        self.tokens = TokenKeys()
        self.clients = ClientKeys()
        self._connect = connect
        self._connection: Connection | None = None
        self._rows: tuple[Sequence[Any], Sequence[Any]] | None = None

    def refresh(self) -> bool:
        """Read all keys again; tell whether anything is new."""
        connection = self._connection
        if connection is None or connection.closed:
            connection = self._connection = self._connect()
            connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT kid, public_key, not_after FROM signing_keys ORDER BY kid")
            keys = cursor.fetchall()
            cursor.execute(
                "SELECT client, role, unit, public_key FROM clients WHERE NOT is_revoked ORDER BY client"
            )
            clients = cursor.fetchall()
        if (keys, clients) == self._rows:
            return False
        self.tokens.known = {kid: (public_key_of(key), not_after) for kid, key, not_after in keys}
        self.clients.known = {
            client: Client(client, Role(role), unit, public_key_of(key))
            for client, role, unit, key in clients
            if self._importers or role != Role.IMPORTER
        }
        self._rows = (keys, clients)
        return True
