"""The list of staff is brought to what the installation's settings say."""

from dataclasses import dataclass

from services.member.domain.books import MemberBooks
from services.member.domain.staff import Staff
from shared.kernel.command import Asked, Needs, Outcome
from shared.kernel.principal import Role


@dataclass(frozen=True, slots=True)
class EditStaff:
    """State one person's role and unit, or that they left (`active` False)."""

    asked: Asked
    subject: str
    role: Role
    unit: str | None
    active: bool = True

    def needs(self) -> Needs:
        """State what must be locked and loaded."""
        return Needs(naturals=(f"staff {self.subject}",), rows=(("staff", self.subject),))


def edit_staff(books: MemberBooks, command: EditStaff) -> Outcome:
    """Keep the person as stated; nothing changes if they stand so already."""
    before = books.staff.get(command.subject)
    wanted = Staff(command.subject, command.role, command.unit, command.active, books.now)
    same = before is not None and (before.role, before.unit, before.active) == (
        wanted.role,
        wanted.unit,
        wanted.active,
    )
    return Outcome(changes=() if same else (wanted,), answer={"subject": command.subject})
