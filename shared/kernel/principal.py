"""Who is asking. One shape for members, staff, systems of units and importers."""

from dataclasses import dataclass
from enum import StrEnum

from shared.kernel.refusal import Forbidden


class Role(StrEnum):
    """What a principal may be."""

    MEMBER = "member"
    UNIT_SYSTEM = "unit-system"
    PARTNER = "partner"
    FINANCE = "finance"
    OPERATOR = "operator"
    IMPORTER = "importer"


@dataclass(frozen=True, slots=True)
class Principal:
    """A verified caller.

    `subject` is unique over all roles (`mem_…`, `till-hotel`, `operator-1`); `unit` is the business unit's
    code for a unit's system and its finance staff, else None.
    """

    subject: str
    role: Role
    unit: str | None = None

    def require(self, *roles: Role) -> None:
        """Let only these roles pass.

        :raises Forbidden: if the caller has another role.
        """
        if self.role not in roles:
            raise Forbidden(needed=", ".join(sorted(roles)))

    @property
    def scope(self) -> str:
        """The scope of this caller's idempotency keys."""
        return self.subject
