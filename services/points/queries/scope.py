"""What one round of checks reads: some months, and the snapshots around them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg2.extensions import cursor as Cursor

_CLOSED = "SELECT month, previous FROM closings ORDER BY month"
_UNCLOSED = "SELECT month FROM months WHERE month NOT IN (SELECT month FROM closings) ORDER BY month"


@dataclass(frozen=True, slots=True)
class Scope:
    """Months to be read, the snapshot they begin from, the one they must end in (None: the books of now)."""

    months: tuple[date, ...]
    previous: date | None
    ends_in: date | None = None

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Parameters of every question about this scope."""
        return {"months": list(self.months), "previous": self.previous, "month": self.ends_in}

    @property
    def name(self) -> str:
        """The scope in words."""
        months = ", ".join(f"{month:%Y-%m}" for month in self.months) or "no month"
        start = f"from the snapshot of {self.previous:%Y-%m}" if self.previous else "from empty books"
        return f"{months} {start} to {'its snapshot' if self.ends_in else 'the books of now'}"


def closed_scopes(cursor: Cursor) -> list[Scope]:
    """List every month that has a snapshot, oldest first, each as a scope of its own."""
    cursor.execute(_CLOSED)
    return [Scope((month,), previous, month) for month, previous in cursor.fetchall()]


def unclosed_scope(cursor: Cursor) -> Scope:
    """Give all months without a snapshot, from the last one on."""
    cursor.execute("SELECT max(month) FROM closings")
    previous = (cursor.fetchone() or (None,))[0]
    cursor.execute(_UNCLOSED)
    return Scope(tuple(month for (month,) in cursor.fetchall()), previous)
