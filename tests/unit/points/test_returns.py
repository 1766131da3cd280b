"""Returns decided on books in memory: in any parts the same is taken, and what is spent is owed and repaid.

Where a test is named after a bug that others had, its docstring says whose and what it was.
"""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.points.commands.return_purchase import ReturnPurchase
from services.points.domain.account import AccountRole
from services.points.domain.amounts import CNY_PER_FEN, Fen
from services.points.domain.books import LedgerBooks
from services.points.domain.changes import JournalPosted, WalletMoved
from services.points.domain.month import MonthState
from services.points.domain.rulebook import RuleKind, merged
from services.points.domain.sale import Part, ReturnAbovePurchase, ReturnConflict, ReturnTooEarly
from shared.kernel.calendar import SHANGHAI
from shared.kernel.principal import Principal, Role
from shared.kernel.refusal import Forbidden, NotFound
from tests.unit.points.ledger import ACCOUNTS, RATES, UNITS, WALLET, balances, clearing, version
from tests.unit.points.small_books import (
    NOON,
    asked,
    earn,
    give_back,
    obey,
    redeem,
    small_books,
    transfers,
)

LATER = NOON + timedelta(hours=1)
TILL = Principal("till-mall-east", Role.UNIT_SYSTEM, "mall-east")


def points(books: LedgerBooks, asset: str = "MALL") -> int:
    """Add up the holder's points of an asset."""
    return sum(lot.points_left for lot in books.lots_of("holder") if lot.asset == asset)


def owed(books: LedgerBooks) -> dict[str, int]:
    """Give what the holder owes, by issuer."""
    return {one.issuer: one.fen for one in books.debts_of("holder")}


def test_a_coat_comes_back_whose_points_are_spent_and_the_next_purchase_repays() -> None:
    """A shopper buys a coat (¥1,000: 100 MALL), spends 60 of them at the hotel, brings the coat back.

    40 points are taken, 60 are owed: ¥3.00. The next night earns 500 HOTL, of which 300 repay: the hotel owes
    the mall what the shopper owed it.
    """
    books = small_books("mall-east:1", "hotel:1", now=LATER)
    coat = earn("mall-east", "1", 100_000)
    obey(books, coat)
    obey(books, redeem("mall-east:1", "hotel", 300))
    told = obey(books, give_back(coat, 100_000, at=LATER))
    assert (told.answer["debt_fen"], told.answer["left_fen"], points(books)) == (300, 0, 0)
    assert told.events[0].data["claims"] == [
        {"asset": "MALL", "issuer": "mall-east", "points": 100, "debt_fen": 300}
    ]
    assert owed(books) == {"mall-east": 300}
    night = obey(books, earn("hotel", "1", 16_700, "2", LATER))
    assert [(event.type, event.seq) for event in night.events] == [
        ("points.wallet.earned", 4),
        ("points.debt.repaid", 5),
    ]
    assert night.events[1].data["owed"] == [{"issuer": "hotel", "amount_fen": 300}]
    assert (owed(books), points(books, "HOTL"), books.holders["holder"]) == ({}, 201, 5)
    folded = balances(transfers(books))
    # The mall paid the hotel ¥3.00 for the points, and got it back with the debt.
    assert (folded.get(clearing("mall-east")), folded.get(clearing("hotel"))) == (None, None)
    assert not any(account >= 10**15 for account, _ in folded)


def test_a_return_takes_back_what_the_purchase_had_earned() -> None:
    """Refund left earned points (an ERP, 257854: the points of a refunded order stayed with the customer)."""
    books = small_books("mall-east:1", now=LATER)
    coat = earn("mall-east", "1", 100_000)
    obey(books, coat)
    obey(books, give_back(coat, 100_000, at=LATER))
    assert (points(books), owed(books)) == (0, {})


def test_a_return_that_is_sent_again_takes_nothing_more() -> None:
    """Refund charged points again (an ERP, 212922); points moved twice (a payment module for a shop, 928)."""
    books = small_books("mall-east:1", now=LATER)
    coat = earn("mall-east", "1", 100_000)
    obey(books, coat)
    first = obey(books, give_back(coat, 40_000, "R-1", LATER))
    again = obey(books, give_back(coat, 40_000, "r-1 ", LATER))
    assert (again.answer, again.changes, again.events) == (first.answer, (), ())
    assert points(books) == 60
    with pytest.raises(ReturnConflict):
        obey(books, give_back(coat, 40_001, "R-1", LATER))
    with pytest.raises(ReturnAbovePurchase) as refused:
        obey(books, give_back(coat, 60_001, "R-2", LATER))
    assert refused.value.facts["left_fen"] == 60_000


def test_a_rule_of_less_than_a_point_a_yuan_earns_and_takes_back_whole_points() -> None:
    """A decimal earn formula gave nothing (a loyalty service, January 2026): half a point a yuan earned 0."""
    books = small_books("office:1", now=LATER)
    lunch = earn("office", "1", 1_999)
    assert obey(books, lunch).answer["points"] == 9
    taken = [obey(books, give_back(lunch, 1, str(place), LATER)).answer for place in range(3)]
    assert [sum(one["points"] for one in each["clawed_back"]) for each in taken] == [0, 0, 0]
    assert obey(books, give_back(lunch, 197, "4", LATER)).answer["clawed_back"][0]["points"] == 1


def test_the_receipts_own_rule_says_what_is_left_not_todays() -> None:
    books = small_books("mall-east:1", now=LATER)
    coat = earn("mall-east", "1", 100_000)
    obey(books, coat)
    terms = {"points": 10, "per_fen": 1_000, "cap": None, "pending_days": 0, "expiry_months": 24}
    dearer = version(RuleKind.EARN, "mall-east", 2, NOON + timedelta(minutes=1), terms)
    books.rulebook = merged(books.rulebook, (dearer,))
    assert obey(books, give_back(coat, 50_000, at=LATER)).answer["clawed_back"][0]["points"] == 50


def test_a_capped_receipt_loses_points_only_where_the_rest_earns_less_than_the_cap() -> None:
    books = small_books("residential:1", now=LATER)
    house = earn("residential", "1", 1_200_000_000)
    assert obey(books, house).answer["points"] == 50_000
    assert obey(books, give_back(house, 200_000_000, "1", LATER)).answer["clawed_back"] == []
    assert obey(books, give_back(house, 100_000_000, "2", LATER)).answer["clawed_back"][0]["points"] == 5_000


def test_a_receipt_that_earned_nothing_comes_back_without_a_movement() -> None:
    books = small_books("mall-east:1", now=LATER)
    tea = earn("mall-east", "1", 999)
    obey(books, tea)
    outcome = obey(books, give_back(tea, 999, at=LATER))
    assert (outcome.events, transfers(books), books.holders["holder"]) == ((), [], 0)
    assert (outcome.answer["journal"], outcome.answer["clawed_back"]) == (None, [])
    with pytest.raises(ReturnAbovePurchase):
        obey(books, give_back(tea, 1, "2", LATER))


def test_points_of_other_wallets_and_change_of_the_same_issuer_are_taken_before_anything_is_owed() -> None:
    books = small_books("mall-east:1", "mall-east:2", "mall-west:1", now=LATER)
    obey(books, earn("mall-east", "1", 10_000, "1"))
    coat = earn("mall-east", "2", 20_000, "2", NOON + timedelta(seconds=1))
    obey(books, coat)
    obey(books, earn("mall-west", "1", 90_000, "3", NOON + timedelta(seconds=2)))
    # 101 fen: 20 points and one that was exchanged, of which 4 group points are change.
    obey(books, redeem("mall-east:1", "hotel", 101, at=LATER))
    told = obey(books, give_back(coat, 20_000, at=LATER)).answer
    taken = [(one["asset"], one["points"]) for one in told["clawed_back"][0]["taken"]]
    assert taken == [("MALL", 9), ("GRUP", 4)]
    assert told["debt_fen"] == 11 * 5 - 4


def test_a_purchase_of_a_sealed_month_comes_back_in_the_open_one() -> None:
    books = small_books("mall-east:1", now=datetime(2017, 2, 3, tzinfo=SHANGHAI))
    coat = earn("mall-east", "1", 100_000)
    obey(books, coat)
    books.months[date(2017, 1, 1)] = MonthState.SEALED
    obey(books, give_back(coat, 50_000, "1", datetime(2017, 1, 31, tzinfo=SHANGHAI)))
    journal = [one.journal for one in books.applied if isinstance(one, JournalPosted)][-1]
    assert (journal.kind, journal.month, journal.concerns) == ("return", date(2017, 2, 1), date(2017, 1, 1))


def test_a_debt_goes_with_its_wallet() -> None:
    books = small_books("mall-east:1", "hotel:1", now=LATER)
    coat = earn("mall-east", "1", 100_000)
    obey(books, coat)
    obey(books, redeem("mall-east:1", "hotel", 500))
    obey(books, give_back(coat, 100_000, at=LATER))
    books.holders["other"] = 0
    wallet = books.wallet("mall-east:1")
    books.apply((WalletMoved(wallet.id, "other", wallet.holder_id),))
    assert (owed(books), [one.fen for one in books.debts_of("other")]) == ({}, [500])
    assert len(obey(books, earn("hotel", "1", 10_000, "2", LATER)).events) == 1
    assert len(obey(books, earn("mall-east", "1", 10_000, "3", LATER)).events) == 2


def test_only_the_unit_itself_takes_back_and_only_an_importer_states_when() -> None:
    books = small_books("mall-east:1", now=LATER)
    coat = earn("mall-east", "1", 100_000)
    obey(books, coat)

    def ask(unit: str, principal: Principal = TILL, at: datetime | None = None) -> ReturnPurchase:
        return ReturnPurchase(asked(principal), ("receipt", coat.asked.id), unit, "1", Part(Fen(100)), at)

    west = Principal("till-mall-west", Role.UNIT_SYSTEM, "mall-west")
    nobodys = ReturnPurchase(asked(TILL), ("receipt", "nobody's"), "mall-east", "1", Part(Fen(100)))
    for stranger in (ask("mall-west"), ask("mall-west", west), ask("mall-east", west), nobodys):
        with pytest.raises(NotFound):
            obey(books, stranger)
    with pytest.raises(Forbidden):
        obey(books, ask("mall-east", at=LATER))
    with pytest.raises(ReturnTooEarly):
        obey(books, give_back(coat, 100, at=NOON - timedelta(seconds=1)))
    assert obey(books, ask("mall-east")).answer["returned_fen"] == 100


@settings(max_examples=150)
@given(
    st.sampled_from(sorted(UNITS)),
    st.integers(1, 300_000),
    st.lists(st.integers(1, 100_000), max_size=6),
    st.integers(0, 100),
)
def test_in_any_parts_a_return_takes_what_it_takes_at_once_and_leaves_what_the_rest_earns(
    unit: str, amount_fen: int, parts: list[int], spent: int
) -> None:
    """Many small returns never gain: after each of them the receipt has earned what its rest would earn."""
    books = small_books(f"{unit}:1", now=LATER)
    receipt = earn(unit, "1", amount_fen)
    earned = obey(books, receipt).answer["points"]
    rule, rate = books.rulebook.earn_rule(unit, NOON), RATES[UNITS[unit]]
    pay = rate.worth(earned) * spent // 100
    if pay >= 100:
        obey(books, redeem(f"{unit}:1", unit, pay))
    taken, left = 0, amount_fen
    for place, wish in enumerate((*parts, amount_fen)):
        part = min(wish, left)
        if not part:
            break
        told = obey(books, give_back(receipt, part, str(place), LATER)).answer
        left -= part
        taken += sum(one["points"] for one in told["clawed_back"])
        assert earned - taken == rule.earned(left)
        assert told["left_fen"] == left
    assert (taken, left) == (earned, 0)
    # What was spent is owed, to the fen; the group points of change are taken too.
    assert sum(owed(books).values()) == (pay if pay >= 100 else 0)
    assert not any(lot.points_left for lot in books.lots_of("holder"))
    folded = balances(transfers(books))
    assert not any(amount < 0 for (account, _), amount in folded.items() if WALLET <= account < 10**15)
    debts = sum(amount for (account, _), amount in folded.items() if account >= 10**15)
    assert debts == -CNY_PER_FEN * sum(owed(books).values())
    assert folded.get((ACCOUNTS.of(AccountRole.DEBTS, unit), "CNY"), 0) == -debts
