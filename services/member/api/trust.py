"""Whose proofs this process believes: its own keys and the registered clients, read from its own database.

Answers from memory, because it is asked in the event loop; what another process of this service changed is
known after the next renewal, what this one changed before it answers.
"""

from dataclasses import dataclass, field

from services.member.queries.client_list import client_list
from services.member.store.ring import Ring
from shared.kernel.principal import Role
from shared.runtime.database import EVERY_UNIT, Reader
from shared.web.clients import Client
from shared.web.keys import public_key_of


@dataclass(slots=True)
class Trust:
    """The clients that are registered and not revoked, and the ring of keys."""

    ring: Ring
    reader: Reader
    clients: dict[str, Client] = field(default_factory=dict)

    def find(self, client_id: str) -> Client | None:
        """Find a client that is registered and not revoked."""
        return self.clients.get(client_id)

    def renew(self) -> bool:
        """Read keys and clients again; tell whether anything is new."""
        news = self.ring.refresh()
        with self.reader.asked_by(unit=EVERY_UNIT) as questions:
            known = client_list(questions)
        clients = {
            row["client"]: Client(
                row["client"], Role(row["role"]), row["unit"], public_key_of(row["public_key"])
            )
            for row in known
            if row["revoked_at"] is None
        }
        news = news or clients != self.clients
        self.clients = clients
        return news
