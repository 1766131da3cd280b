"""The books of one batch: what was loaded, frozen for the decisions, changed only by the desk."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.member.domain.client import Client
from services.member.domain.code import Challenge
from services.member.domain.confirmation import Confirmation
from services.member.domain.identity import Identity
from services.member.domain.member import Member
from services.member.domain.session import Session
from services.member.domain.signing_key import SigningKey
from services.member.domain.staff import Staff


@dataclass(slots=True)
class MemberBooks:
    """Facts of one batch. Decisions read them and return records; `apply` is the desk's alone.

    A record replaces the one of the same name; `turned` keeps the last of each for the store,
    `added` what is only ever added.
    """

    now: datetime
    members: dict[str, Member] = field(default_factory=dict)
    identities: dict[str, Identity] = field(default_factory=dict)
    challenges: dict[str, Challenge] = field(default_factory=dict)
    confirmations: dict[str, Confirmation] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    staff: dict[str, Staff] = field(default_factory=dict)
    keys: dict[str, SigningKey] = field(default_factory=dict)
    turned: dict[type, dict[str, Any]] = field(default_factory=dict)
    added: dict[type, list[Any]] = field(default_factory=dict)

    def identities_of(self, member: str) -> list[Identity]:
        """List the loaded identities of a member, by name."""
        mine = [identity for identity in self.identities.values() if identity.member == member]
        return sorted(mine, key=lambda identity: identity.name)

    def apply(self, changes: Iterable[Any]) -> None:
        """Carry out the changes for the commands that follow in this batch, and keep them to be saved."""
        for record in changes:
            place = self._place(record)
            if place is None:
                self.added.setdefault(type(record), []).append(record)
            else:
                shelf, name = place
                shelf[name] = record
                self.turned.setdefault(type(record), {})[name] = record

    def _place(self, record: Any) -> tuple[dict[str, Any], str] | None:
        match record:
            case Member():
                return self.members, record.id
            case Identity():
                return self.identities, record.name
            case Challenge():
                return self.challenges, record.phone
            case Confirmation():
                return self.confirmations, record.member
            case Session():
                return self.sessions, record.id
            case Client():
                return self.clients, record.id
            case Staff():
                return self.staff, record.subject
            case SigningKey():
                return self.keys, record.kid
        return None
