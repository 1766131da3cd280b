"""A migrated database is what the tables' declarations say, and enforces what the committed lists say."""

from collections.abc import Iterator
from typing import Any

import pytest
from psycopg2.extensions import connection as Connection
from sqlalchemy import CheckConstraint, Table, UniqueConstraint

from infra.docs.tables import declared, type_of
from tests.house.rules.values import is_value
from tests.house.schema.database import SERVICES, committed, migrated
from tests.house.schema.listing import listed

# Every service has these from shared/runtime/frame.py; their columns stand in the committed lists.
FRAME = frozenset(
    "inbox event_inbox heard nonces outbox outbox_archive outbox_replays parked errands"
    " alembic_version".split()
)
NARROW = ("smallint", "integer", "real", "double", "float", "numeric", "money")
SPELLED = {"varchar": "character varying", "timestamp without time zone": "timestamp"}

TABLES = """
    SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition
      AND relnamespace = 'public'::regnamespace
"""
COLUMNS = """
    SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull
    FROM pg_attribute a WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped
"""
KEY = """
    SELECT a.attname FROM pg_constraint c
    CROSS JOIN LATERAL unnest(c.conkey) WITH ORDINALITY AS k(number, place)
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number
    WHERE c.conrelid = %s::regclass AND c.contype = 'p' ORDER BY k.place
"""
KEPT_BY = """
    SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('c', 'u', 'x')
"""
INDEXES = """
    SELECT relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid = %s::regclass
      AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid)
"""


@pytest.fixture(scope="module", params=SERVICES)
def service(request: pytest.FixtureRequest) -> str:
    """Take the services one by one."""
    return str(request.param)


@pytest.fixture(scope="module")
def connection(service: str) -> Iterator[Connection]:
    """Reach a migrated database of the service."""
    with migrated(service) as connection:
        yield connection


def test_the_database_has_the_declared_tables_and_no_other(service: str, connection: Connection) -> None:
    assert {name for (name,) in _asked(connection, TABLES)} == set(declared(service)) | FRAME


def test_every_table_is_as_it_is_declared(service: str, connection: Connection) -> None:
    standing = {name for (name,) in _asked(connection, TABLES)}
    for name, (table, _) in declared(service).items():
        if name in standing:
            assert _declared(table) == _standing(connection, name), name


def test_what_the_database_enforces_is_what_is_committed(service: str, connection: Connection) -> None:
    expected = committed(service).read_text(encoding="utf-8").splitlines()
    found = listed(connection)
    gone, new = sorted(set(expected) - set(found)), sorted(set(found) - set(expected))
    assert not gone + new, (
        f"gone: {gone}\nnew: {new}\nwrite the lists anew with `python -m tests.house.schema`"
    )


def test_columns_of_value_are_bigint_in_the_database(service: str, connection: Connection) -> None:
    for (table,) in _asked(connection, TABLES):
        for column, kind, _ in _asked(connection, COLUMNS, table):
            assert not (is_value(column) and kind.startswith(NARROW)), f"{table}.{column}: {kind}"


def test_columns_of_value_are_bigint_in_the_declarations(service: str) -> None:
    for name, (table, _) in declared(service).items():
        for column in table.columns:
            kind = type_of(column)
            assert not (is_value(column.name) and kind.startswith(NARROW)), f"{name}.{column.name}: {kind}"


def _asked(connection: Connection, question: str, *parameters: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(question, parameters or None)
        return list(cursor.fetchall())


def _standing(connection: Connection, table: str) -> dict[str, Any]:
    return {
        "columns": {name: (kind, must) for name, kind, must in _asked(connection, COLUMNS, table)},
        "key": [name for (name,) in _asked(connection, KEY, table)],
        "kept by": {name for (name,) in _asked(connection, KEPT_BY, table)},
        "indexes": {name for (name,) in _asked(connection, INDEXES, table)},
    }


def _declared(table: Table) -> dict[str, Any]:
    kinds = {column.name: type_of(column) for column in table.columns}
    kept_by = (CheckConstraint, UniqueConstraint)
    return {
        "columns": {
            column.name: (SPELLED.get(kinds[column.name], kinds[column.name]), not column.nullable)
            for column in table.columns
        },
        "key": [column.name for column in table.primary_key.columns],
        "kept by": {str(one.name) for one in table.constraints if isinstance(one, kept_by)},
        "indexes": {str(index.name) for index in table.indexes},
    }
