"""Keep a public key under which member signs tokens."""

from dataclasses import dataclass
from datetime import datetime

from services.points.domain import changes as c
from services.points.domain.books import LedgerBooks
from shared.kernel.command import Asked, Needs, Outcome


@dataclass(frozen=True, slots=True)
class KeepSigningKey:
    """Tokens with this `kid` are checked with this Ed25519 public key until `not_after`."""

    asked: Asked
    kid: str
    public_key: str
    not_after: datetime

    def needs(self) -> Needs:
        """Need the key's row."""
        return Needs(rows=(("signing-key", self.kid),))


def keep_signing_key(_: LedgerBooks, command: KeepSigningKey) -> Outcome:
    """Keep the key; hearing it again moves its end."""
    return Outcome((c.SigningKeyKept(command.kid, command.public_key, command.not_after),))
