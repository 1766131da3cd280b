"""An operator ends a system's key: nothing it signs is believed any more."""

from dataclasses import dataclass

from services.member.domain.books import MemberBooks
from services.member.domain.client import CLIENT_REVOKED, revoked
from shared.kernel.command import Announcement, Asked, Needs, Outcome
from shared.kernel.refusal import NotFound


@dataclass(frozen=True, slots=True)
class RevokeClient:
    """End a client's key."""

    asked: Asked
    client: str

    def needs(self) -> Needs:
        """State what must be locked and loaded."""
        return Needs(naturals=(f"client {self.client}",), rows=(("client", self.client),))


def revoke_client(books: MemberBooks, command: RevokeClient) -> Outcome:
    """Revoke the client and announce it; revoking twice changes nothing.

    :raises NotFound: if there is no such client.
    """
    before = books.clients.get(command.client)
    if before is None:
        raise NotFound()
    told = {"client": command.client}
    client = revoked(before, books.now)
    if client is None:
        return Outcome(answer=told)
    event = Announcement(CLIENT_REVOKED, client.id, client.version, told, books.now)
    return Outcome(changes=(client,), answer=told, events=(event,))
