"""Which role a person of the staff has."""

from shared.kernel.principal import Principal, Role
from shared.runtime.database import Reader

_STAFF = "SELECT role, unit FROM staff WHERE subject = :subject AND active"


def staff_member(reader: Reader, subject: str) -> Principal | None:
    """Give the person as a principal, or None if nobody of that name works here."""
    with reader.asked_by(unit="*") as questions:
        row = questions.row(_STAFF, subject=subject)
    return None if row is None else Principal(subject, Role(row.role), row.unit)
