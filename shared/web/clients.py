"""Systems that sign their requests, and the books they stand in. Refuses to check a signature."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from shared.kernel.principal import Role


@dataclass(frozen=True, slots=True)
class Client:
    """A registered system: its id is the keyid it signs with and the subject of its principal."""

    id: str
    role: Role
    unit: str | None
    public_key: Ed25519PublicKey


class ClientBook(Protocol):
    """Knows the registered clients; asked in the event loop, so it answers from memory."""

    def find(self, client_id: str) -> Client | None:
        """Find a client that is registered and not revoked."""


class ClientsInMemory:
    """A client book for those whom no event tells of clients: the partner that is played, and tests."""

    def __init__(self, clients: Mapping[str, Client] | None = None) -> None:
        self._clients: dict[str, Client] = dict(clients or {})

    def find(self, client_id: str) -> Client | None:
        """Find a client that is registered and not revoked."""
        return self._clients.get(client_id)

    def register(self, client: Client) -> None:
        """Take a client in, or its new key."""
        self._clients[client.id] = client

    def revoke(self, client_id: str) -> None:
        """Forget a client; its next request is refused."""
        self._clients.pop(client_id, None)
