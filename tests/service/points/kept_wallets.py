"""Wallets read as a process reads them, kept from one reading to the next, beside wallets read afresh."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from services.points.queries.wallet import Wallets
from shared.runtime.database import READING_OPTIONS, connect
from tests import stack

View = Mapping[str, Any]
_LOOKED_AT = """
SELECT coalesce(sum(coalesce(seq_scan, 0) + coalesce(idx_scan, 0)), 0)::bigint FROM pg_stat_xact_user_tables
WHERE relname IN ('lots', 'holds', 'hold_slices', 'debts')
"""


@contextmanager
def reading(database: stack.Database) -> Iterator[Connection]:
    """Open a connection as the reading room does."""
    with closing(connect(database.url("reader"), READING_OPTIONS)) as connection:
        connection.autocommit = True
        yield connection


class KeptWallets:
    """One process's wallets on one connection, at whatever time its clock says."""

    def __init__(self, connection: Connection, clock: Callable[[], datetime]) -> None:
        self.connection = connection
        self.clock = clock
        self._wallets = Wallets(clock)

    def read(self, identities: Sequence[str]) -> list[View]:
        """Read wallets in one round trip, those that are kept from what is kept."""
        with self.connection.cursor() as cursor:
            return self._wallets.read(cursor, identities)

    def afresh(self, identities: Sequence[str]) -> list[View]:
        """Read wallets of which nothing is kept."""
        with self.connection.cursor() as cursor:
            return Wallets(self.clock).read(cursor, identities)

    def agreed(self, identities: Sequence[str]) -> list[View]:
        """Read wallets, and see that whatever is kept is what a fresh reading shows."""
        views = self.read(identities)
        assert views == self.afresh(identities)
        return views

    def counted(self, identities: Sequence[str]) -> tuple[list[View], int]:
        """Read wallets, and count how often lots, holds, slices and debts were looked at for that."""
        with self.connection.cursor() as cursor:
            cursor.execute("BEGIN")
            before = _looks(cursor)
            views = self._wallets.read(cursor, identities)
            count = _looks(cursor) - before
            cursor.execute("ROLLBACK")
        return views, count


def _looks(cursor: Cursor) -> int:
    cursor.execute(_LOOKED_AT)
    return int((cursor.fetchone() or (0,))[0])
