"""What people read is found by key: a page costs the same however large the books, and however far down."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from services.points.domain.adjustment import AdjustmentKind, AdjustmentState
from services.points.domain.doubt import DoubtState
from services.points.queries.adjustments import adjustments
from services.points.queries.balances import balances
from services.points.queries.captures import captures_of
from services.points.queries.check_ins import check_ins_of
from services.points.queries.coming_back import ComingBack, page_of
from services.points.queries.doubts import claims_of, doubt_facts, doubts_listed
from services.points.queries.exchange import exchange_of
from services.points.queries.gifts import gift_of, gifts_of
from services.points.queries.history import history
from services.points.queries.holds import hold_of_order, hold_view, open_holds
from services.points.queries.journal import journal_view
from services.points.queries.limits import limits_listed
from services.points.queries.months import month_view
from services.points.queries.numbers import numbers_known
from services.points.queries.receipts import receipt_as_printed, receipt_of
from services.points.queries.redemption import redemption_of, redemption_of_order
from services.points.queries.sheets import sheet_of, sheets_listed
from services.points.queries.statement import statement_of
from services.points.queries.statement_lines import lines_of
from services.points.queries.voidings import voidings_listed
from services.points.queries.vouchers import voucher_of, vouchers_of
from shared.runtime.database import Questions, Reader
from tests.service.explained import Cost, cost
from tests.service.points.crowded_books import be_busy, come_back, crowd, seal_january, tables, unsound_house
from tests.service.points.ledger_house import JANUARY, NOON, LedgerHouse

OTHERS, OWN = 20_000, 2_000
SHOWN = 5
FAR_DOWN = 100
"""Pages that are passed over before a deep one is looked at."""

OFTEN = 600
"""How often one order and one purchase of the unit came back, and one hold was captured."""

ROWS, BLOCKS = 200, 200
"""The most rows and blocks that a page of five may touch: a walk through what others did is 20,000 rows.
A line of a statement takes 25 blocks and 20 rows, most of them of the house's accounts, few and read whole.
"""

DONE = 5_000
"""How much a busy member has done: more than a page may read."""

LONG = 100
ROWS_OF_LONG, BLOCKS_OF_LONG = 15 * LONG, 30 * LONG
"""The longest page that may be asked for, and the most that it may touch: what that many lines take."""

MEMBER, BUSY = "mem_property7", "mem_property8"
CONTRACT = Path(__file__).parents[3] / "contracts" / "openapi" / "points.json"

Ask = Callable[[Questions, int, Any], tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Page:
    """A read: at which door, for whom (a unit, `*`, or a member), and how it is asked.

    :param ask: asked with how many are shown, and with where the page before ended, or None.
    """

    door: str
    reader: str
    ask: Ask


class Books:
    """Crowded books, and who reads in them."""

    def __init__(self, house: LedgerHouse) -> None:
        self.house = house
        self._reader = Reader(house.database.url("reader"), size=1)
        self._holders = dict(
            house.rows(
                "SELECT identity, holder_id::text FROM wallets WHERE identity = ANY (%s)", [MEMBER, BUSY]
            )
        )

    def own(self, table: str, condition: str = "unit = 'property'") -> str:
        """Give the id of a row of the unit's own."""
        ((found,),) = self.house.rows(f"SELECT id::text FROM {table} WHERE {condition} LIMIT 1 OFFSET 3")
        return str(found)

    def ask(self, page: Page, after: Any = None, limit: int = SHOWN) -> tuple[Any, Any]:
        """Give a page, and where the next begins."""
        with self._asking(page.reader) as questions:
            return page.ask(questions, limit, after)

    def cost(self, page: Page, after: Any = None, limit: int = SHOWN) -> Cost:
        """Ask for a page and count what it takes."""
        return cost(partial(self._asking, page.reader), lambda questions: page.ask(questions, limit, after))

    def close(self) -> None:
        """Close the reader."""
        self._reader.close()

    @contextmanager
    def _asking(self, reader: str) -> Iterator[Questions]:
        holder = self._holders.get(reader)
        whose = {"unit": reader} if holder is None else {"holder": holder}
        with self._reader.asked_by(**whose) as questions:
            yield questions


def alone(ask: Callable[[Questions], Any]) -> Ask:
    """Make a page of what has no next one."""
    return lambda questions, _limit, _after: (ask(questions), None)


def listed(kind: AdjustmentKind, state: AdjustmentState | None) -> Ask:
    """Make a page of adjustments."""
    return lambda questions, limit, after: adjustments(questions, kind, state, limit, after)


def doubted(state: DoubtState | None) -> Ask:
    """Make a page of doubts."""
    return lambda questions, limit, after: doubts_listed(questions, state, limit, after)


def bought(state: str | None) -> Ask:
    """Make a page of vouchers."""
    return lambda questions, limit, after: vouchers_of(questions, state, limit, after)


def given_back(state: str | None) -> Ask:
    """Make a page of voidings."""
    return lambda questions, limit, after: voidings_listed(questions, state, limit, after)


GRANT, DEDUCTION = AdjustmentKind.GRANT, AdjustmentKind.DEDUCTION

LISTS = {
    "a unit's grants": Page("/grants", "property", listed(GRANT, None)),
    "a unit's rejected grants": Page("/grants", "property", listed(GRANT, AdjustmentState.REJECTED)),
    "rejected grants": Page("/grants", "*", listed(GRANT, AdjustmentState.REJECTED)),
    "a unit's deductions": Page("/deductions", "property", listed(DEDUCTION, None)),
    "rejected deductions": Page("/deductions", "*", listed(DEDUCTION, AdjustmentState.REJECTED)),
    "a unit's doubts": Page("/receipts/doubts", "property", doubted(None)),
    "a unit's open doubts": Page("/receipts/doubts", "property", doubted(DoubtState.OPEN)),
    "a unit's rejected doubts": Page("/receipts/doubts", "property", doubted(DoubtState.REJECTED)),
    "doubts": Page("/receipts/doubts", "*", doubted(None)),
    "rejected doubts": Page("/receipts/doubts", "*", doubted(DoubtState.REJECTED)),
    "a unit's vouchers": Page("/vouchers", "property", bought(None)),
    "a unit's refused vouchers": Page("/vouchers", "property", bought("refused")),
    "vouchers": Page("/vouchers", "*", bought(None)),
    "refused vouchers": Page("/vouchers", "*", bought("refused")),
    "a unit's voidings": Page("/voidings", "property", given_back(None)),
    "a unit's used voidings": Page("/voidings", "property", given_back("used")),
    "voidings": Page("/voidings", "*", given_back(None)),
    "used voidings": Page("/voidings", "*", given_back("used")),
    "a unit's sheets": Page("/openings", "property", lambda q, limit, after: sheets_listed(q, limit, after)),
    "sheets": Page("/openings", "*", lambda q, limit, after: sheets_listed(q, limit, after)),
    "limits": Page("/limits", "*", lambda q, limit, after: limits_listed(q, None, limit, after)),
    "balances": Page("/balances", "*", lambda q, limit, after: balances(q, NOON, limit, after)),
}
"""Lists of many rows that go on."""


def behind(books: "Books") -> dict[str, Page]:
    """Make the lists behind one thing: a statement's lines, what came back, what was captured."""
    statement = books.own("statements", "unit = 'property' AND month = '2017-01-01' OFFSET 0 --")
    paid, bought, held = (books.own(table, LAST_OWN) for table in ("redemptions", "receipts", "holds"))
    doors: dict[str, Ask] = {
        "/statements/{statement}/lines": lambda q, limit, after: lines_of(q, statement, limit, after),
        "/redemptions/{redemption}/refunds": lambda q, limit, after: page_of(
            q, ComingBack.REFUNDS, paid, limit, after
        ),
        "/receipts/{receipt}/returns": lambda q, limit, after: page_of(
            q, ComingBack.RETURNS, bought, limit, after
        ),
        "/holds/{hold}/captures": lambda q, limit, after: captures_of(q, held, limit, after),
    }
    return {
        f"{door} for {reader}": Page(door, reader, ask)
        for door, ask in doors.items()
        for reader in ("property", "*")
    }


LAST_OWN = "unit = 'property' ORDER BY id DESC LIMIT 1 --"

OF_MEMBER = {
    "own history": Page("/journals", MEMBER, lambda q, limit, after: history(q, limit, after)),
    "own gifts": Page("/gifts", MEMBER, lambda q, limit, after: gifts_of(q, MEMBER, NOON, limit, after)),
    "own vouchers": Page("/vouchers", MEMBER, bought(None)),
    "own claims": Page("/receipts/claims", MEMBER, lambda q, limit, after: claims_of(q, limit, after)),
    "own open holds": Page("/wallet/holds", MEMBER, lambda q, limit, after: open_holds(q, limit, after)),
    "own check-ins": Page("/check-ins", MEMBER, alone(lambda q: check_ins_of(q, MEMBER, NOON))),
}
"""What one member has, which is little."""

OF_BUSY = {"a long history": Page("/journals", BUSY, lambda q, limit, after: history(q, limit, after))}
"""What one member has who has done thousands of things."""


def singles(books: Books) -> dict[str, Page]:
    """Make the reads of one thing: by its id, or by what a till knows of it."""
    pages: dict[str, Page] = {}

    def add(name: str, door: str, ask: Callable[[Questions], Any], reader: str = "property") -> None:
        pages[name] = Page(door, reader, alone(ask))

    def by_id(door: str, ask: Callable[[Questions, str], Any], table: str) -> None:
        for reader in ("property", "*"):
            add(f"{table} by id for {reader}", door, partial(_by_id, ask, books.own(table)), reader)

    by_id("/receipts/{receipt}", receipt_of, "receipts")
    by_id("/redemptions/{redemption}", redemption_of, "redemptions")
    by_id("/holds/{hold}", hold_view, "holds")
    by_id("/journals/{journal}", journal_view, "journals")
    by_id("/vouchers/{voucher}", voucher_of, "vouchers")
    by_id("/openings/{sheet}", sheet_of, "opening_sheets")
    by_id("/statements/{statement}", statement_of, "statements")
    by_id("/receipts/doubts", doubt_facts, "doubts")
    add("a printed receipt", "/receipts", lambda q: receipt_as_printed(q, "property", "crowd", "9", FIFTH))
    add("an order's redemption", "/redemptions", lambda q: redemption_of_order(q, "property", "9"))
    add("an order's hold", "/holds", lambda q: hold_of_order(q, "property", "9"))
    add("a month", "/months/{month}", lambda q: month_view(q, JANUARY, whole=False))
    add("numbers", "/numbers/known", lambda q: numbers_known(q, [("property", "C1"), ("office", "C1")]), "*")
    own = f"holder_id = (SELECT holder_id FROM wallets WHERE identity = '{MEMBER}') OFFSET 0 --"
    exchange, gift = books.own("exchanges", own), books.own("gifts", f"giver = '{MEMBER}' OFFSET 0 --")
    add("limits of a kind", "/limits", lambda q: limits_listed(q, "crowd property 123", SHOWN, None)[0], "*")
    add("own exchange", "/exchanges/{exchange}", lambda q: exchange_of(q, exchange), MEMBER)
    add("own gift", "/gifts/{gift}", lambda q: gift_of(q, MEMBER, gift, NOON), MEMBER)
    paid, bought, held = (books.own(table, LAST_OWN) for table in ("redemptions", "receipts", "holds"))
    add("an order that came back often", "/redemptions/{redemption}", lambda q: redemption_of(q, paid))
    add("a purchase that came back often", "/receipts/{receipt}", lambda q: receipt_of(q, bought))
    add("a hold that was captured often", "/holds/{hold}", lambda q: hold_view(q, held))
    return pages


FIFTH = date(2017, 1, 5)


def _by_id(ask: Callable[[Questions, str], Any], id_: str, questions: Questions) -> Any:
    return ask(questions, id_)


WHOLE = {
    "/months": "every month ever opened, twelve a year, with the asking unit's statement of each",
    "/rules": "every version of every rule: what two persons stood for, a few hundred",
    "/units": "the rules in force, as above",
    "/offers": "the rules in force, as above",
    "/rates": "the rules in force, as above",
    "/rates/history": "the rules, by page, as above",
    "/audit": "the worker looks at everything, that is what it is for; whoever waits, at one row by its id",
    "/parked": "a hundred of those that are not healed: none, on a good day (tests/service/runtime)",
    "/outbox/replays/{replay}": "one row by its id, of as many as operators asked for",
    "/wallet": "the reading room's own function (test_wallets_read.py)",
}
"""Doors that are not asked here, and why: what they read is wholly shown, or is tested elsewhere."""


@pytest.fixture(scope="module")
def books() -> Iterator[Books]:
    """Lend books in which one unit's rows lie behind ten times as many of others.

    Statistics are those that the database gathers by itself, within a minute: of every table and partition,
    not of what is partitioned. Before it has any, it guesses that a hundred rows or so will be found wherever
    it looks, and may read a young table through.
    """
    with unsound_house() as house:
        crowd(house, "property", OWN, "1 day", decided="rejected", settled="refused")
        come_back(house, "property", OFTEN)
        be_busy(house, BUSY, DONE)
        crowd(house, "office", OTHERS, "1 hour", decided="open", settled="asked")
        seal_january(house)
        for table in tables(house):
            house.rows(f"ANALYZE {table}")
        found = Books(house)
        yield found
        found.close()


def test_a_page_costs_what_it_shows(books: Books) -> None:
    dear: dict[str, Cost] = {}
    for name, page in {**LISTS, **behind(books), **OF_MEMBER, **singles(books)}.items():
        found, _ = books.ask(page)
        cost = books.cost(page)
        print(f"{name}: {len(found)} told, {cost}")
        assert found is not None, name
        assert found != [], name
        if cost.rows > ROWS or cost.blocks > BLOCKS:
            dear[name] = cost
    assert not dear


def test_the_longest_page_costs_what_it_shows(books: Books) -> None:
    dear: dict[str, Cost] = {}
    for name, page in {**LISTS, **behind(books), **OF_BUSY}.items():
        assert len(books.ask(page, limit=LONG)[0]) == LONG, name
        cost = books.cost(page, limit=LONG)
        print(f"{name}: {cost}")
        if cost.rows > ROWS_OF_LONG or cost.blocks > BLOCKS_OF_LONG:
            dear[name] = cost
    assert not dear


def test_a_page_far_down_costs_what_the_first_does(books: Books) -> None:
    for name, page in {**LISTS, **behind(books), **OF_BUSY}.items():
        _, after = books.ask(page)
        for _ in range(FAR_DOWN):
            _, after = books.ask(page, after)
        first, deep = books.cost(page), books.cost(page, after)
        print(f"{name}: first {first}, page {FAR_DOWN + 2} {deep}")
        assert len(books.ask(page, after)[0]) == SHOWN, name
        assert deep.rows <= ROWS, name
        assert deep.blocks <= BLOCKS, name


def test_every_read_of_the_contract_is_asked_here_or_says_why_not(books: Books) -> None:
    contract = json.loads(CONTRACT.read_text(encoding="utf-8"))
    doors = {path.removeprefix("/points/v1") for path, verbs in contract["paths"].items() if "get" in verbs}
    asked = {page.door for page in {**LISTS, **behind(books), **OF_MEMBER, **singles(books)}.values()}
    assert asked - {"/numbers/known"} <= doors
    assert not asked & WHOLE.keys()
    assert doors == (asked - {"/numbers/known"}) | WHOLE.keys()
