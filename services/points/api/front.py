"""What the doors of points stand in front of: the desk for commands, the reader for questions."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from services.points.api.order_tickets import TicketReader
from services.points.domain.books import LedgerBooks
from services.points.queries.asker import asked_by_member
from services.points.store.secret import Secret
from shared.kernel.principal import Principal, Role
from shared.runtime.database import EVERY_UNIT, Questions, Reader
from shared.runtime.desk import Desk
from shared.web.cursor import Cursors
from shared.web.door import Call
from shared.web.faults import malformed

GROUP_ROLES = (Role.OPERATOR, Role.IMPORTER)
"""Who sees every unit."""

UNIT_READERS = (Role.UNIT_SYSTEM, Role.FINANCE, *GROUP_ROLES)
"""Who reads what concerns a unit: its own systems and finance, and who sees every unit."""


@dataclass(frozen=True, slots=True)
class Front:
    """What several rooms stand before: desk, reader, the signer of list cursors, the service's secret, and
    who reads order tickets.

    What one room alone needs is handed to that room.
    """

    desk: Desk[LedgerBooks]
    reader: Reader
    cursors: Cursors
    secret: Secret
    tickets: TicketReader

    def after(self, call: Call, cursor: str | None) -> list[str] | None:
        """Read the caller's own cursor of the called list; None is its beginning.

        :raises Malformed: if this service did not write it for that list and caller.
        """
        return None if cursor is None else [str(one) for one in self.cursors.read(_purpose(call), cursor)]

    def next(self, call: Call, last: Sequence[str] | None) -> dict[str, str | None]:
        """Write where the called list goes on behind its last row; None is its end."""
        return {"next": None if last is None else self.cursors.write(_purpose(call), last)}

    def asking(self, call: Call) -> AbstractContextManager[Questions]:
        """Open a transaction that sees what the caller may: its unit's rows, all rows, or its own."""
        if call.principal.role is Role.MEMBER:
            return asked_by_member(self.reader, call.principal.subject)
        return self.reader.asked_by(unit=unit_seen(call.principal))


def _purpose(call: Call) -> str:
    # A list that anybody may read has one cursor for everybody.
    reader = call.arrival.principal
    return f"{call.arrival.path} {reader.subject if reader else ''}"


def unit_seen(principal: Principal) -> str | None:
    """Give the unit whose rows this caller sees: every unit's for the group's own, their own, or none."""
    return EVERY_UNIT if principal.role in GROUP_ROLES else principal.unit


def unit_read(principal: Principal, named: str | None) -> str:
    """Give the unit whose rows are asked for: a reader's own, whatever they name, or the one that is named.

    :raises Malformed: if they have none and name none.
    """
    unit = principal.unit or named
    if unit is None:
        raise malformed("/unit", "missing", "请指明是哪个业务单元", "say which unit is meant")
    return unit
