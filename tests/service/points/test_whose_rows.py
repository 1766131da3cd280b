"""Policies that ask once who sees every unit, or row by row whose a thing is: nobody sees a foreign row."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from shared.runtime.database import EVERY_UNIT, Reader, connect
from tests.service.points.crowded_books import come_back, crowd, unsound_house
from tests.service.points.ledger_house import LedgerHouse, answer_of, earn, link

FEW = 20
MEMBER = "mem_whose"
# Whose a row is, as whoever sees every row finds it out, without any policy.
OF_UNIT = {
    "adjustments": "unit",
    "doubts": "unit",
    "opening_sheets": "unit",
    "vouchers": "unit",
    "voidings": "unit",
    "returns": "(SELECT unit FROM receipts r WHERE r.id = receipt_id)",
    "refunds": "(SELECT unit FROM redemptions r WHERE r.id = redemption_id)",
    "hold_slices": "(SELECT unit FROM holds h WHERE h.id = hold_id)",
}
OF_MEMBER = ("doubts", "voidings", "vouchers")
OF_GROUP = ("budgets", "limits")
STRANGERS = ("mall-east", "%", "", "office'", "OFFICE", "* ")


@pytest.fixture(scope="module")
def books() -> Iterator[LedgerHouse]:
    """Lend books in which two units have rows of every kind, a few of them a member's."""
    with unsound_house() as house:
        for answer in house.obey(earn("office", "whose", 1_000, "whose"), link(MEMBER, "office", "whose")):
            answer_of(answer)
        for unit in ("property", "office"):
            crowd(house, unit, FEW, "1 day", decided="open", settled="asked")
        come_back(house, "property", FEW)
        wallet = "(SELECT id FROM wallets WHERE identity = 'office:WHOSE')"
        for table in OF_MEMBER:
            chosen = f"(SELECT id FROM {table} WHERE unit = 'property' ORDER BY id LIMIT 3)"
            house.rows(f"UPDATE {table} SET wallet_id = {wallet} WHERE id IN {chosen}")
        yield house


@pytest.fixture
def reader(books: LedgerHouse) -> Iterator[Reader]:
    """Lend a reader of these books."""
    with closing(Reader(books.database.url("reader"), size=1)) as found:
        yield found


@pytest.mark.parametrize("table", OF_UNIT)
def test_a_unit_sees_its_own_rows_and_the_group_all(books: LedgerHouse, reader: Reader, table: str) -> None:
    told = books.rows(f"SELECT {OF_UNIT[table]}, count(*)::integer FROM {table} GROUP BY 1")
    there = {str(unit): int(count) for unit, count in told}
    assert there["property"] >= FEW
    for tenant in ("property", "office", EVERY_UNIT, *STRANGERS):
        with reader.asked_by(unit=tenant) as questions:
            rows = questions.rows(f"SELECT {OF_UNIT[table]} AS unit FROM {table}")
        expected = sum(there.values()) if tenant == EVERY_UNIT else there.get(tenant, 0)
        assert len(rows) == expected, tenant
        assert tenant == EVERY_UNIT or {row.unit for row in rows} <= {tenant}


@pytest.mark.parametrize("table", OF_MEMBER)
def test_a_member_sees_what_their_wallets_name(books: LedgerHouse, reader: Reader, table: str) -> None:
    ((holder,),) = books.rows("SELECT holder_id::text FROM wallets WHERE identity = %s", MEMBER)
    seen = {}
    for who in (holder, "0" * 32):
        with reader.asked_by(holder=who) as questions:
            seen[who] = len(questions.rows(f"SELECT 1 FROM {table}"))
    assert seen == {holder: 3, "0" * 32: 0}


@pytest.mark.parametrize("table", OF_GROUP)
def test_what_is_the_groups_no_unit_sees(books: LedgerHouse, reader: Reader, table: str) -> None:
    ((there,),) = books.rows(f"SELECT count(*)::integer FROM {table}")
    assert there > 0
    for tenant in (EVERY_UNIT, "property", *STRANGERS):
        with reader.asked_by(unit=tenant) as questions:
            assert len(questions.rows(f"SELECT 1 FROM {table}")) == (there if tenant == EVERY_UNIT else 0)


@pytest.mark.parametrize("table", [*OF_UNIT, *OF_GROUP])
def test_whoever_does_not_say_for_whom_sees_nothing(books: LedgerHouse, table: str) -> None:
    with closing(connect(books.database.url("reader"))) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone() == (0,)
