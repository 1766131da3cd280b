"""Who works for the group and its units."""

from shared.kernel.principal import Principal, Role
from shared.runtime.database import Questions

_STAFF = "SELECT subject, role, unit FROM staff WHERE active ORDER BY subject"


def staff_list(questions: Questions) -> list[Principal]:
    """List all who work here now, as principals, by name."""
    return [Principal(row.subject, Role(row.role), row.unit) for row in questions.rows(_STAFF)]
