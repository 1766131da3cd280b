"""What the doors of points stand in front of: the desk for commands, the reader for questions."""

from dataclasses import dataclass

from services.points.domain.books import LedgerBooks
from shared.kernel.principal import Principal, Role
from shared.runtime.database import Reader
from shared.runtime.desk import Desk
from shared.web.cursor import Cursors

GROUP_ROLES = (Role.OPERATOR, Role.IMPORTER)
"""Who sees every unit."""


@dataclass(frozen=True, slots=True)
class Front:
    """Desk, reader and the signer of list cursors."""

    desk: Desk[LedgerBooks]
    reader: Reader
    cursors: Cursors


def unit_seen(principal: Principal) -> str | None:
    """Give the unit whose rows this caller sees: `*` for the group's own, their own unit, or none."""
    return "*" if principal.role in GROUP_ROLES else principal.unit
