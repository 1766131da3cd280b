"""Keep what member announces about systems: public keys of clients, and their end."""

from dataclasses import dataclass

from services.points.domain import changes as c
from services.points.domain.books import LedgerBooks
from shared.kernel.command import Asked, Needs, Outcome


@dataclass(frozen=True, slots=True)
class EditClient:
    """A system of a unit (or the importer) signs with this Ed25519 public key from now on, or no more."""

    asked: Asked
    client: str
    role: str
    unit: str | None
    public_key: str
    revoked: bool

    def needs(self) -> Needs:
        """Need the client's row."""
        return Needs(rows=(("client", self.client),))


def edit_client(books: LedgerBooks, command: EditClient) -> Outcome:
    """Keep the client as announced; a revoked one keeps its role and unit for the record."""
    known = books.clients.get(command.client)
    if command.revoked and known is not None:
        return Outcome((c.ClientKept(known.client, known.role, known.unit, known.public_key, True),))
    return Outcome(
        (c.ClientKept(command.client, command.role, command.unit, command.public_key, command.revoked),)
    )
