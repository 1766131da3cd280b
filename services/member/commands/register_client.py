"""An operator registers a system's public key, so that its signed requests are believed."""

from dataclasses import dataclass

from services.member.domain.books import MemberBooks
from services.member.domain.client import CLIENT_REGISTERED, Client, registered
from shared.kernel.command import Announcement, Asked, Needs, Outcome
from shared.kernel.principal import Role


@dataclass(frozen=True, slots=True)
class RegisterClient:
    """Register a client with its role, unit and public key (Ed25519, base64url of 32 bytes)."""

    asked: Asked
    client: str
    role: Role
    unit: str | None
    public_key: str

    def needs(self) -> Needs:
        """State what must be locked and loaded."""
        return Needs(naturals=(f"client {self.client}",), rows=(("client", self.client),))


def register_client(books: MemberBooks, command: RegisterClient) -> Outcome:
    """Keep the client and announce it; the same client again changes nothing.

    :raises ClientTaken: if one with another key, role or unit stands.
    :raises UnitNotMeant: if role and unit do not fit.
    """
    wanted = Client(command.client, command.role, command.unit, command.public_key, 1, books.now)
    client = registered(books.clients.get(command.client), wanted)
    told = {
        "client": command.client,
        "role": command.role.value,
        "unit": command.unit,
        "public_key": command.public_key,
    }
    if client is None:
        return Outcome(answer=told)
    event = Announcement(CLIENT_REGISTERED, client.id, client.version, told, books.now)
    return Outcome(changes=(client,), answer=told, events=(event,))
