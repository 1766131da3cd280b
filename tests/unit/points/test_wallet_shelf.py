"""The shelf of wallets: kept under a holder and a batch, true for a time, and never more than it may hold."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.points.queries.wallet_shelf import KEPT_FOR, WalletShelf

NOON = datetime(2017, 1, 20, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ONE: dict[str, Any] = {"holder": "one"}
OTHER: dict[str, Any] = {"holder": "other"}


def shelf(until: datetime | None = None, most: int = 3) -> WalletShelf:
    """Give a shelf with one view, read at noon when batch 7 had been the last."""
    shelf = WalletShelf(most)
    shelf.keep("one", 7, NOON, until, ONE)
    return shelf


def test_a_view_is_found_by_its_holder_and_that_very_batch() -> None:
    kept = shelf()
    assert kept.find("one", 7, NOON) is ONE
    assert kept.find("one", 8, NOON) is None
    assert kept.find("one", 6, NOON) is None
    assert kept.find("other", 7, NOON) is None


def test_a_view_is_true_until_time_alone_changes_it() -> None:
    kept = shelf(NOON + SECOND * 5)
    assert kept.find("one", 7, NOON + SECOND * 5 - timedelta(microseconds=1)) is ONE
    assert kept.find("one", 7, NOON + SECOND * 5) is None


def test_a_view_is_kept_for_a_minute_at_most_and_not_for_a_clock_that_was_set_back() -> None:
    for until in (None, NOON + timedelta(days=30)):
        kept = shelf(until)
        assert kept.find("one", 7, NOON + KEPT_FOR - SECOND) is ONE
        assert kept.find("one", 7, NOON + KEPT_FOR) is None
        assert kept.find("one", 7, NOON - SECOND) is None


def test_a_view_read_again_takes_the_place_of_the_one_before() -> None:
    kept = shelf()
    kept.keep("one", 8, NOON, None, OTHER)
    assert kept.find("one", 8, NOON) is OTHER
    assert kept.find("one", 7, NOON) is None


def test_whoever_was_not_asked_for_longest_goes_first() -> None:
    kept = shelf(most=3)
    kept.keep("two", 7, NOON, None, OTHER)
    kept.keep("three", 7, NOON, None, OTHER)
    assert kept.find("one", 7, NOON) is ONE
    kept.keep("four", 7, NOON, None, OTHER)
    assert [kept.find(name, 7, NOON) is not None for name in ("one", "two", "three", "four")] == [
        True,
        False,
        True,
        True,
    ]


def test_a_cleared_shelf_has_nothing() -> None:
    kept = shelf()
    kept.clear()
    assert kept.find("one", 7, NOON) is None
