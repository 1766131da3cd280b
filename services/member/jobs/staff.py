"""The list of staff is brought to what the settings say, at every start."""

from collections.abc import Sequence

from services.member.commands.edit_staff import EditStaff
from services.member.domain.books import MemberBooks
from shared.kernel.command import Asked
from shared.kernel.principal import Role
from shared.runtime.clock import mint_id
from shared.runtime.desk import Desk


def state_staff(desk: Desk[MemberBooks], people: Sequence[tuple[str, Role, str | None]]) -> int:
    """State every person's role and unit; tell how many were taken."""
    commands = [EditStaff(Asked(mint_id()), subject, role, unit) for subject, role, unit in people]
    return sum(answer.json is not None for answer in desk.obey_all(commands))
