"""An order under another name could be paid twice: the auditor composes names anew from any spelling."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from shared.kernel.number import normal
from tests import stack
from tests.service.points.closing_room import audited, closed, copied
from tests.service.points.hold_room import capture, hold, placed
from tests.service.points.ledger_house import JANUARY, NOON, LedgerHouse, answer_of, redeem

INVARIANT = "an order or capture has the name of its number"
NUMBERS = (
    "A-1",
    " b 2 ",
    "c|3",
    "d\\4",
    "d\\|4|",
    "早餐 1",
    "\u3000５号\u3000",
    "straße",
    "ﬁn",
    "ŉ",
    "ǆ",
    "ΐ",
    "i̇",
    "İ",
    "ſ",
    "Ⅷ|ⅷ\\",
    "\u1680x",
)
"""What Python and the database might spell in two ways, what a name escapes, and what it does not."""


@pytest.fixture(scope="module")
def kept() -> Iterator[stack.Database]:
    """Lend books with orders and captures of many spellings, in a closed month and in an open one."""
    with stack.database_per_module("points") as database:
        house = LedgerHouse(database)
        mine = house.fund("a", 50_000, "office", NOON - timedelta(hours=1))
        held = placed(house, hold(mine, "held |早餐", 1_000, at=NOON))
        for number in NUMBERS:
            answer_of(house.obey(redeem(mine, "hotel", number, 100, NOON))[0])
            answer_of(house.obey(capture(held, number, 10, at=NOON))[0])
        assert [shut.issued for shut in closed(house, JANUARY)] == [True]
        house.close()
        yield database


@pytest.fixture
def books(kept: stack.Database) -> Iterator[stack.Database]:
    """Lend a copy that a test may spoil."""
    with copied(kept) as copy:
        yield copy


def test_numbers_of_any_spelling_have_their_names(books: stack.Database) -> None:
    report = audited(books)
    assert report.findings == ()
    orders = len({normal(number) for number in NUMBERS})
    assert [scope.checked.get(INVARIANT) for scope in report.scopes] == [2 * orders + 1, None]


@pytest.mark.parametrize(
    ("table", "which"),
    [
        ("redemptions", "order_no = 'c|3' AND hold_id IS NULL"),
        ("redemptions", "order_no = 'straße'"),
        ("redemptions", "order_no = '早餐 1'"),
        ("redemptions", "name LIKE 'capture %C__3'"),
        ("redemptions", "name LIKE 'capture %STRASSE'"),
        ("holds", "order_no = 'held |早餐'"),
    ],
)
@pytest.mark.parametrize(
    "change",
    [
        "name = name || '1'",
        "name = replace(name, '|', '||')",
        "name = lower(name) || ' '",
        "name = replace(replace(name, 'order hotel', 'order office'), 'capture ', 'capture 0')",
    ],
)
def test_an_order_or_a_capture_that_is_named_otherwise(
    books: stack.Database, table: str, which: str, change: str
) -> None:
    assert stack.rows(books.superuser_url, f"UPDATE {table} SET {change} WHERE {which} RETURNING 1")
    assert [finding.invariant for finding in audited(books).findings] == [INVARIANT]


@pytest.mark.parametrize("table", ["redemptions", "holds"])
def test_an_order_that_has_another_number(books: stack.Database, table: str) -> None:
    assert stack.rows(books.superuser_url, f"UPDATE {table} SET order_no = order_no || '1' RETURNING 1")
    found = {finding.told for finding in audited(books).findings}
    assert found == {"it was answered otherwise", "it is not the name of its number"}
