"""Under another name an order could be paid, a receipt earn, or what came back come back twice.

So the auditor composes names anew, from any spelling.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from services.points.commands.return_purchase import ReturnPurchase
from services.points.domain.amounts import Fen
from services.points.domain.sale import Part
from shared.kernel.ids import read
from shared.kernel.number import normal
from tests import stack
from tests.service.points.closing_room import audited, closed
from tests.service.points.hold_room import capture, hold, placed
from tests.service.points.ledger_house import (
    JANUARY,
    NOON,
    LedgerHouse,
    answer_of,
    asked,
    earn,
    redeem,
    redemption_id,
    refund,
)

INVARIANT = "what is told apart by its number has the name of that"
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
    """Lend books with receipts, orders, captures, refunds and returns of many spellings."""
    with stack.database_per_module("points") as database:
        house = LedgerHouse(database)
        mine = house.fund("a", 50_000, "office", NOON - timedelta(hours=1))
        held = placed(house, hold(mine, "held |早餐", 1_000, at=NOON))
        for number in NUMBERS:
            paid = house.obey(redeem(mine, "hotel", number, 100, NOON))[0]
            answer_of(house.obey(capture(held, number, 10, at=NOON))[0])
            answer_of(house.obey(refund(redemption_id(paid), "hotel", number, 1, NOON))[0])
            earned = answer_of(house.obey(replace(earn("hotel", "b", 1_000, number), store=number))[0])
            back = (asked(), ("receipt", read("rcp", earned["receipt"]) or ""), "hotel", number)
            answer_of(house.obey(ReturnPurchase(*back, Part(Fen(1)), NOON))[0])
        assert [shut.issued for shut in closed(house, JANUARY)] == [True]
        house.close()
        yield database


def test_numbers_of_any_spelling_have_their_names(books: stack.Database) -> None:
    report = audited(books)
    assert report.findings == ()
    orders = len({normal(number) for number in NUMBERS})
    # A hold beside them, and the receipt of what was spent.
    assert [scope.checked.get(INVARIANT) for scope in report.scopes] == [5 * orders + 2, None]


@pytest.mark.parametrize(
    ("table", "which"),
    [
        ("redemptions", "order_no = 'c|3' AND hold_id IS NULL"),
        ("redemptions", "order_no = 'straße'"),
        ("redemptions", "order_no = '早餐 1'"),
        ("redemptions", "name LIKE 'capture %C__3'"),
        ("redemptions", "name LIKE 'capture %STRASSE'"),
        ("holds", "order_no = 'held |早餐'"),
        ("receipts", "number = 'c|3'"),
        ("receipts", "number = '早餐 1'"),
        ("refunds", "refund_no = 'd\\|4|'"),
        ("refunds", "refund_no = 'straße'"),
        ("returns", "return_no = 'Ⅷ|ⅷ\\'"),
    ],
)
@pytest.mark.parametrize(
    "change",
    [
        "name = name || '1'",
        "name = replace(name, '|', '||')",
        "name = lower(name) || ' '",
        "name = regexp_replace(name, '^([a-z]+) ', '\\1 0')",
    ],
)
def test_what_is_named_otherwise(books: stack.Database, table: str, which: str, change: str) -> None:
    assert stack.rows(books.superuser_url, f"UPDATE {table} SET {change} WHERE {which} RETURNING 1")
    assert [finding.invariant for finding in audited(books).findings] == [INVARIANT]


@pytest.mark.parametrize(
    "change",
    [
        "refunds SET name = 'voiding ' || id",
        "receipts SET name = name || '|again ' || gen_random_uuid() WHERE number = 'ſ'",
    ],
)
def test_what_goes_by_another_name_than_a_number(books: stack.Database, change: str) -> None:
    assert stack.rows(books.superuser_url, f"UPDATE {change} RETURNING 1")
    assert audited(books).findings


@pytest.mark.parametrize(
    "change",
    [
        "redemptions SET order_no = order_no || '1'",
        "holds SET order_no = order_no || '1'",
        "receipts SET number = number || '1'",
        "receipts SET store = store || '1'",
        "refunds SET refund_no = refund_no || '1'",
        "returns SET return_no = return_no || '1'",
    ],
)
def test_what_has_another_number(books: stack.Database, change: str) -> None:
    assert stack.rows(books.superuser_url, f"UPDATE {change} RETURNING 1")
    found = {finding.told for finding in audited(books).findings}
    answered, named = sorted(found, reverse=True)
    assert answered.startswith("it was answered otherwise")
    assert named == "it is not the name of its number"
