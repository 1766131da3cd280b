"""Whose wallet shows something else: everybody a lot, a hold, a debt or a wallet of whom a batch changed."""

from collections.abc import Iterable
from typing import Any

import pytest

from services.points.commands import DECISIONS
from services.points.domain import changes as c
from services.points.domain.amounts import Fen
from services.points.domain.books import LedgerBooks
from services.points.domain.changed import changed_holders
from services.points.domain.debt import Debt, DebtTurned
from services.points.domain.hold import HoldTurned
from services.points.domain.wallet import Wallet
from tests.unit.points.small_books import capture, earn, hold, obey, redeem, release, small_books

OTHERS = "office:2"


def after(books: LedgerBooks, changes: Iterable[Any]) -> list[str]:
    """Tell whom these changes alone change."""
    by_kind: dict[type, list[Any]] = {}
    for change in changes:
        by_kind.setdefault(type(change), []).append(change)
    return changed_holders(books, by_kind)


def books_of_two() -> LedgerBooks:
    """Open books of a person with two numbers, and of another one with none."""
    books = small_books("office:1", OTHERS)
    obey(books, earn("office", "1", 20_000, "1"))
    obey(books, earn("office", "2", 20_000, "2"))
    books.holders["other"] = 4
    books.held["other"] = {}
    return books


def hand_over(books: LedgerBooks) -> c.WalletMoved:
    """Let the second number come to the other one."""
    moved = c.WalletMoved(books.wallet(OTHERS).id, "other", "holder")
    books.apply((moved,))
    return moved


def test_a_lot_changes_whoever_has_its_wallet_now() -> None:
    books = books_of_two()
    lots = books.lots_of("holder")
    hand_over(books)
    assert {tuple(after(books, (c.LotDrawn(lot),))) for lot in lots} == {("holder",), ("other",)}
    assert {tuple(after(books, (c.LotOpened(lot),))) for lot in lots} == {("holder",), ("other",)}


def test_a_debt_changes_whoever_has_the_wallet_that_owes() -> None:
    books = books_of_two()
    debt = DebtTurned(Debt(10**15, books.wallet(OTHERS).id, "hotel", Fen(5)))
    assert after(books, (debt,)) == ["holder"]
    hand_over(books)
    assert after(books, (debt,)) == ["other"]


def test_a_link_changes_both_who_had_the_number_and_who_gets_it() -> None:
    books = books_of_two()
    assert after(books, (hand_over(books),)) == ["holder", "other"]


def test_a_holder_who_was_turned_has_changed() -> None:
    assert after(books_of_two(), (c.HolderTurned("other", 5),)) == ["other"]


@pytest.mark.parametrize("ending", ["capture", "release"])
def test_an_end_of_a_hold_changes_everybody_whose_points_it_has(ending: str) -> None:
    """It turns whom it was placed for; of whom the number came to meanwhile no announcement tells."""
    books = books_of_two()
    placed = obey(books, hold("office:1", "hotel", 150))
    hand_over(books)
    command: Any = capture(placed, "1", 150) if ending == "capture" else release(placed)
    decide: Any = DECISIONS[type(command)]
    outcome = decide(books, command)
    books.apply(outcome.changes)
    turned = [one.holder_id for one in outcome.changes if isinstance(one, c.HolderTurned)]
    assert turned == ["holder"]
    assert after(books, outcome.changes) == ["holder", "other"]
    assert after(books, (one for one in outcome.changes if isinstance(one, HoldTurned))) == [
        "holder",
        "other",
    ]


def test_whatever_a_command_changes_is_among_the_changed() -> None:
    books = books_of_two()
    for command in (redeem("office:1", "hotel", 100), hold("office:1", "hotel", 100, "2")):
        assert after(books, obey(books, command).changes) == ["holder"]
    assert after(books, ()) == []


def test_a_wallet_that_the_batch_has_not_loaded_is_a_defect() -> None:
    books = books_of_two()
    (lot, *_) = books.lots_of("holder")
    books.held["holder"].pop(lot.wallet_id)
    assert isinstance(books.wallet("office:1"), Wallet)
    with pytest.raises(KeyError):
        after(books, (c.LotDrawn(lot),))
