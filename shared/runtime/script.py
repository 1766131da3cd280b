"""A script: statements whose results nobody reads, sent together in one round trip.

Each is still one statement with a snapshot and a time-out of its own. Refuses to give anything back.
"""

from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor


class Script(Cursor):  # type: ignore[misc]  # psycopg2 has no types
    """A cursor that gathers what it is told to execute, until it is told to send it."""

    def __init__(self, connection: Connection, *more: Any) -> None:
        super().__init__(connection, *more)
        self._told: list[bytes] = []

    def execute(self, query: str | bytes, vars: Any = None) -> None:  # noqa: A002 - psycopg2's own name
        """Add a statement to the script."""
        self._told.append(self.mogrify(query, vars))

    def send(self) -> None:
        """Send all statements, in the order in which they were added."""
        told, self._told = self._told, []
        super().execute(b";\n".join(told))
