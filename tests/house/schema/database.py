"""A migrated database of each service; that of points with a sealed month, for the triggers of its seal."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
from psycopg2.extensions import connection as Connection

from tests import stack
from tests.house.tree import ROOT

FOLDER = Path(__file__).parent
SERVICES = sorted(path.parents[1].name for path in ROOT.glob("services/*/migrations/env.py"))
SEALED_MONTH = "2000-01-01"
SEAL = f"""
    SELECT open_month('{SEALED_MONTH}');
    INSERT INTO months (month, state, opened_by, opened_at)
    VALUES ('{SEALED_MONTH}', 'draining', 'test', '2000-01-01T00:00:00Z');
    SELECT seal_month('{SEALED_MONTH}');
"""


@contextmanager
def migrated(service: str) -> Iterator[Connection]:
    """Lend a superuser's connection to a migrated database of the service."""
    database = stack.postgres().fresh_database(service)
    connection = psycopg2.connect(database.superuser_url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(SEAL if service == "points" else "SELECT 1")
        connection.commit()
        yield connection
    finally:
        connection.close()
        database.drop()


def committed(service: str) -> Path:
    """Name the file of a service's list."""
    return FOLDER / f"{service}.txt"
