"""Connections: the desk's own, and the readers' pool behind row-level security.

Refuses to give out a connection on which a tenant of an earlier reader is still set.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import register_default_json
from sqlalchemy import Connection as ReadConnection
from sqlalchemy import Row, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

# What a desk loads comes as one JSON document a batch: read four times as fast as by the standard library.
register_default_json(globally=True, loads=orjson.loads)

OUTAGES = (psycopg2.OperationalError, DBAPIError, PoolTimeout, ConnectionError, TimeoutError)
"""What a reader meets when the database is away or its pool is taken: answered 503, never 500."""


def outage_behind(fault: BaseException) -> BaseException | None:
    """Give what says that the database was away, if that is why a job failed; None for a defect of ours.

    Whoever leaves a block by an exception rolls back. On a connection that broke in the block that fails in
    its turn, and "connection already closed" stands before the reason.
    """
    told: BaseException | None = fault.orig if isinstance(fault, DBAPIError) else fault
    if isinstance(told, psycopg2.InterfaceError) and fault.__context__ is not None:
        return outage_behind(fault.__context__)
    return told if isinstance(told, (psycopg2.OperationalError, PoolTimeout)) else None


READER_OPTIONS = (
    "-c statement_timeout=15000 -c transaction_timeout=15000 -c timezone=UTC"
    " -c default_transaction_read_only=on"
    # Only a change of the schema makes a reader wait for a lock; longer than this, it is told to come again:
    # with a second for a thread before it (shared/web/threads.py) in less than two.
    " -c lock_timeout=750"
)

READING_OPTIONS = (
    "-c statement_timeout=2000 -c transaction_timeout=5000 -c timezone=UTC"
    " -c default_transaction_read_only=on -c jit=off"
    # As at a desk: every statement goes by key, whatever the tables held when it was planned.
    " -c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off"
    " -c enable_mergejoin=off"
)
"""How a reading room asks: short questions, prepared once."""

READER_SPARE = 2
"""Connections of a reader beyond those for requests: what a process itself asks (is it ready, whom does it
trust) is answered whatever the requests wait for.
"""

_FOR_WHOM = (
    "SELECT set_config('app.unit', :unit, true) AS unit, set_config('app.holder', :holder, true) AS holder"
)

EVERY_UNIT = "*"
"""In place of a unit: the group's own, who see every unit's rows. The policies spell it the same."""

STREAMED_ROWS = 2_000
"""How many rows of a stream are fetched at a time."""


WIRE: Mapping[str, int] = {
    "connect_timeout": 2,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 11_000,
}
"""How a wire to the database is given up: a new one after 2 s, one at whose other end no machine is any more
after 11 s. A server that is there and says nothing for longer keeps it: its own time-outs end what it is at.
"""


def connect(url: str, options: str = "-c transaction_timeout=15000 -c timezone=UTC") -> Connection:
    """Open a direct connection; by default a transaction ends after 15 s (the outbox floor rests on it)."""
    return psycopg2.connect(url, options=options, **WIRE)


def may_take(cursor: Cursor, seconds: int) -> None:
    """Let the transaction under way last so long from now on, whatever its connection allows others."""
    # A clock that runs keeps its time: it is stopped and wound anew.
    cursor.execute("SET LOCAL transaction_timeout = 0")
    cursor.execute("SET LOCAL transaction_timeout = %s", (seconds * 1000,))


class Reader:
    """The pool for questions: each runs in one read-only transaction that says for whom it is asked.

    :param size: how many requests ask at the same time; the doors let no more of them come.
    """

    def __init__(self, url: str, size: int = 8, patience_s: float = 2.0) -> None:
        self._engine = create_engine(
            url.replace("postgresql://", "postgresql+psycopg2://", 1),
            pool_size=size + READER_SPARE,
            max_overflow=0,
            pool_timeout=patience_s,
            pool_pre_ping=True,
            connect_args={"options": READER_OPTIONS, **WIRE},
        )

    @contextmanager
    def asked_by(self, *, unit: str | None = None, holder: str | None = None) -> Iterator["Questions"]:
        """Open a transaction that sees the rows of this unit, or of this holder; with neither, no row.

        With `EVERY_UNIT` it sees the rows of all.
        """
        with self.asking(_FOR_WHOM, unit=unit or "", holder=holder or "") as questions:
            yield questions

    @contextmanager
    def asking(self, for_whom: str, **parameters: Any) -> Iterator["Questions"]:
        """Open a transaction whose first statement says for whom it asks, and maybe finds that out.

        :param for_whom: sets `app.unit` and `app.holder`, both, for this transaction, and gives them as
            `unit` and `holder`; with `:name` parameters.
        """
        with self._engine.begin() as connection:
            asked = connection.execute(text(for_whom), parameters).one()
            yield Questions(connection, asked.holder or None, asked.unit or None)

    def answers(self) -> bool:
        """Tell whether the database answers at all; one of `OUTAGES` says no as well."""
        with self.asked_by() as questions:
            return questions.row("SELECT 1 AS one") is not None

    def close(self) -> None:
        """Close every connection of the pool."""
        self._engine.dispose()


class Questions:
    """One read-only transaction: plain SQL in, rows out.

    :param holder: whose rows it sees (canonical id), or None.
    :param unit: which unit's rows it sees, `EVERY_UNIT` for all, or None.
    """

    def __init__(self, connection: ReadConnection, holder: str | None, unit: str | None) -> None:
        self._connection = connection
        self.holder = holder
        self.unit = unit

    def rows(self, sql: str, **parameters: Any) -> Sequence[Row[Any]]:
        """Ask for all rows of a statement with `:name` parameters."""
        return self._connection.execute(text(sql), parameters).all()

    def row(self, sql: str, **parameters: Any) -> Row[Any] | None:
        """Ask for the first row of a statement, or None."""
        return self._connection.execute(text(sql), parameters).first()

    def mappings(self, sql: str, **parameters: Any) -> list[Mapping[str, Any]]:
        """Ask for all rows of a statement as mappings by column name."""
        return [dict(row) for row in self._connection.execute(text(sql), parameters).mappings()]

    def stream(self, sql: str, **parameters: Any) -> Iterator[Row[Any]]:
        """Ask for the rows of a statement one after another; few of them are in memory at a time."""
        statement = text(sql).execution_options(yield_per=STREAMED_ROWS)
        yield from self._connection.execute(statement, parameters)
