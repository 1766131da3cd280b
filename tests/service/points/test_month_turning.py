"""The state of a month is turned by the decisions and by the seal, not by whoever may update the row."""

from datetime import UTC, date, datetime

import psycopg2
import pytest

from tests.service.points.ledger_house import LedgerHouse

JANUARY, FEBRUARY = date(2017, 1, 1), date(2017, 2, 1)


def _turned(url: str, month: date, state: str, *, replica: bool = False) -> str | None:
    """Turn a month by hand; give the code of what refused it."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        try:
            if replica:
                cursor.execute("SET session_replication_role = replica")
            cursor.execute("UPDATE months SET state = %s WHERE month = %s", (state, month))
        except psycopg2.Error as refused:
            return str(refused.pgcode)
    return None


@pytest.fixture(scope="module")
def sealed(house: LedgerHouse) -> LedgerHouse:
    """Seal January."""
    house.close_month(JANUARY, datetime(2017, 2, 1, 8, tzinfo=UTC))
    assert house.seal(JANUARY)
    return house


def test_a_sealed_month_is_turned_back_by_nobody(sealed: LedgerHouse) -> None:
    database = sealed.database
    for url in (database.url("desk"), database.url("owner"), database.superuser_url):
        assert _turned(url, JANUARY, "open") == "TF001"
    assert _turned(database.superuser_url, JANUARY, "open", replica=True) == "TF001"


def test_a_month_is_not_sealed_by_its_state_alone(sealed: LedgerHouse) -> None:
    database = sealed.database
    for url in (database.url("desk"), database.superuser_url):
        assert _turned(url, FEBRUARY, "sealed") == "TF001"
