"""What a member reads of their own is found by key: a page costs the same however many others there are."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from services.points.queries.doubts import claims_of
from services.points.queries.history import history
from services.points.queries.holds import open_holds
from services.points.queries.vouchers import vouchers_of
from shared.kernel.command import Command
from shared.runtime.database import Questions, Reader
from tests.service.points.hold_room import hold
from tests.service.points.ledger_house import LedgerHouse, answer_of, earn, link, redeem

OTHERS = 5_000
FEW = 40
"""More rows than a member of this test has in any table, and far fewer than there are."""

_NOON = "'2017-01-05 12:00+08'::timestamptz"
# Rows of people who do not matter here, past all books: only how many there are counts.
_CROWD = f"""
INSERT INTO receipts (name, id, unit, store, number, wallet_id, amount_fen, purchased_at, occurred_at, month,
                      points, answer)
SELECT 'crowd ' || n, uuidv7(), 'office', 'crowd', n::text, uuidv7(), 0, {_NOON}, {_NOON}, '2017-01-01', 0,
       '{{}}'
FROM generate_series(1, {OTHERS}) AS n;
INSERT INTO redemptions (name, id, unit, order_no, holder_id, price_fen, paid_fen, change_points, occurred_at,
                         month, terms, answer)
SELECT 'crowd ' || n, uuidv7(), 'hotel', n::text, uuidv7(), 1, 1, 0, {_NOON}, '2017-01-01', '', '{{}}'
FROM generate_series(1, {OTHERS}) AS n;
INSERT INTO holds (id, name, identity, holder_id, unit, order_no, price_fen, amount_fen, occurred_at,
                   expires_at, month, journal_id, terms, answer)
SELECT uuidv7(), 'crowd ' || n, 'mem_crowd', uuidv7(), 'hotel', n::text, 1, 1, {_NOON},
       {_NOON} + interval '1 hour', '2017-01-01', uuidv7(), '', '{{}}'
FROM generate_series(1, {OTHERS}) AS n;
INSERT INTO vouchers (id, member, wallet_id, offer, offer_version, partner, unit, price_fen, asked_at,
                      ask_until, day, month)
SELECT uuidv7(), 'mem_crowd', uuidv7(), 'taxi', 1, 'taxi', 'hotel', 1, {_NOON}, {_NOON}, '2017-01-05',
       '2017-01-01'
FROM generate_series(1, {OTHERS}) AS n;
"""
_GONE = """
DELETE FROM receipts WHERE name LIKE 'crowd %'; DELETE FROM redemptions WHERE name LIKE 'crowd %';
DELETE FROM holds WHERE name LIKE 'crowd %'; DELETE FROM vouchers WHERE member = 'mem_crowd';
"""
_READ = """
SELECT relname, coalesce(idx_tup_fetch, 0) + seq_tup_read AS told FROM pg_stat_xact_user_tables
WHERE relname = ANY ('{receipts,redemptions,holds,vouchers,doubts,refunds,returns}')
   OR relname ~ '^journals_'
"""

Page = Callable[[Questions], Any]
PAGES: dict[str, Page] = {
    "history": lambda questions: history(questions, 50, None)[0],
    "open holds": lambda questions: open_holds(questions, 50, None)[0],
    "vouchers": lambda questions: vouchers_of(questions, None, 50, None)[0],
    "claims": lambda questions: claims_of(questions, 50, None)[0],
}


@pytest.fixture(scope="module")
def crowded(house: LedgerHouse) -> Iterator[LedgerHouse]:
    """Lend books in which one member does little and a crowd has done much."""
    commands: list[Command] = [earn("office", "own", 1_000_000, "own-1"), link("mem_own", "office", "own")]
    commands += [redeem("mem_own", "hotel", "own-1", 300), hold("mem_own", "own-2", 200)]
    for answer in house.obey(*commands):
        answer_of(answer)
    house.rows(_CROWD)
    house.rows("ANALYZE")
    yield house
    house.rows(_GONE)


@contextmanager
def asking(house: LedgerHouse) -> Iterator[Questions]:
    """Ask as that member."""
    ((holder,),) = house.rows("SELECT holder_id::text FROM wallets WHERE identity = 'mem_own'")
    reader = Reader(house.database.url("reader"), size=1)
    try:
        with reader.asked_by(holder=holder) as questions:
            yield questions
    finally:
        reader.close()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_ones_own_does_not_read_the_crowds(crowded: LedgerHouse, page: str) -> None:
    with asking(crowded) as questions:
        found = PAGES[page](questions)
        read = {row.relname: int(row.told) for row in questions.rows(_READ)}
    print(f"{page}: {len(found)} shown, rows read {read}")
    assert len(found) == {"history": 3, "open holds": 1}.get(page, 0)
    assert all(count < FEW for count in read.values()), read
