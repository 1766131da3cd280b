"""Two closed months and an open one that a test may spoil, and the hand of a superuser who spoils them."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2

from tests import stack
from tests.service.points.closing_room import audited, closed, refunds_of, returns_of, traffic
from tests.service.points.ledger_house import FEBRUARY, JANUARY, MARCH, LedgerHouse

EARNED = "t.from_account IN (SELECT id FROM accounts WHERE role = 'issued')"
SLICE = "t.worth_fen IS NOT NULL AND t.cause_id IS NULL"
BACK = "t.from_account IN (SELECT id FROM accounts WHERE role = 'redeemed')"
_SWITCHES = (
    "ALTER TABLE {0}_{1} DISABLE TRIGGER refuse_rows",
    "ALTER TABLE {0}_{1} ENABLE ALWAYS TRIGGER refuse_rows",
)


@contextmanager
def closed_books() -> Iterator[stack.Database]:
    """Lend a database with two closed months and one open, to which nobody is connected."""
    with stack.database_per_module("points") as database:
        house = LedgerHouse(database)
        for month, seed in ((JANUARY, 31), (FEBRUARY, 32)):
            traffic(house, month, seed)
            assert refunds_of(house, month)
            assert returns_of(house, month)
            assert [one.issued for one in closed(house, month)] == [True]
        traffic(house, MARCH, 33)
        assert refunds_of(house, MARCH)
        assert returns_of(house, MARCH)
        house.close()
        yield database


def one(database: stack.Database, question: str, *parameters: object) -> Any:
    """Ask for one value."""
    return stack.rows(database.superuser_url, question, *parameters)[0][0]


def by_hand(database: stack.Database, statement: str, *parameters: object) -> None:
    """Change rows as the superuser, triggers of the sealed months off and on again."""
    shut, opened = _SWITCHES
    partitions = [(table, month) for table in ("journals", "transfers") for month in ("2017_01", "2017_02")]
    connection = psycopg2.connect(database.superuser_url)
    with closing(connection), connection, connection.cursor() as cursor:
        for partition in partitions:
            cursor.execute(shut.format(*partition))
        cursor.execute(statement, parameters or None)
        assert cursor.rowcount > 0, "nothing was changed"
        for partition in partitions:
            cursor.execute(opened.format(*partition))


def named(database: stack.Database) -> list[str]:
    """Give the rows that the auditor names."""
    return [finding.row for finding in audited(database).findings]


def pick(database: stack.Database, month: str, condition: str) -> int:
    """Choose a transfer of a month in the middle of those that fit."""
    question = (
        "SELECT t.id FROM transfers t WHERE t.month = %s AND {0} ORDER BY t.id"
        " OFFSET (SELECT count(*) / 2 FROM transfers t WHERE t.month = %s AND {0}) LIMIT 1"
    )
    return int(one(database, question.format(condition), month, month))
