"""Staff of the group and of its units. Refuses to hold passwords: tokens are the door's matter."""

from dataclasses import dataclass
from datetime import datetime

from shared.kernel.principal import Role


@dataclass(frozen=True, slots=True)
class Staff:
    """A person who works here; `unit` is the unit whose finances they keep, None for an operator."""

    subject: str
    role: Role
    unit: str | None
    active: bool
    edited_at: datetime
