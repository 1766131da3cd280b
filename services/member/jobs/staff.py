"""The list of staff is brought to what the settings say, at every start."""

from collections.abc import Sequence

from services.member.commands.edit_staff import EditStaff
from services.member.domain.books import MemberBooks
from services.member.queries.staff_list import staff_list
from shared.kernel.command import Asked
from shared.kernel.principal import Role
from shared.runtime.clock import mint_id
from shared.runtime.database import EVERY_UNIT, Reader
from shared.runtime.desk import Desk


def state_staff(
    desk: Desk[MemberBooks], reader: Reader, people: Sequence[tuple[str, Role, str | None]]
) -> None:
    """State every person's role and unit, and that whoever is no longer listed has left."""
    listed = {subject for subject, _, _ in people}
    with reader.asked_by(unit=EVERY_UNIT) as questions:
        gone = [person for person in staff_list(questions) if person.subject not in listed]
    commands = [EditStaff(Asked(mint_id()), subject, role, unit) for subject, role, unit in people]
    commands += [EditStaff(Asked(mint_id()), one.subject, one.role, one.unit, active=False) for one in gone]
    desk.obey_all(commands)
