"""The importer against a stand-in of its contract: what it sends, in what order, what it does in trouble."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from infra.replay.client import Importer, Plan
from infra.replay.door import Door, ReplayStopped
from infra.replay.report import canonical
from tests.replay import oracle
from tests.replay.stand_in import NoSignature, StandIn, serving

EXPECTED = Path(__file__).parent / "expected" / "2017-01-01_2017-02-01.json"
JANUARY = Plan(date(2017, 1, 1), date(2017, 2, 1))


@pytest.fixture
def books() -> StandIn:
    """Start from empty books."""
    return StandIn()


@pytest.fixture
def door(books: StandIn) -> Iterator[Door]:
    """Open a door to the stand-in."""
    with serving(books) as address, Door(address, NoSignature(), patience_s=5) as door:
        yield door


def test_january_comes_out_as_the_independent_computation_says(books: StandIn, door: Door) -> None:
    assert canonical(Importer(door, JANUARY).run()) == EXPECTED.read_bytes()


def test_items_arrive_in_the_order_of_the_year_redemption_first(books: StandIn, door: Door) -> None:
    Importer(door, JANUARY).run()
    expected = [
        f"replay:2017-01:{receipt.number}:{wish}"
        for receipt in oracle.read_receipts()
        if receipt.at.month == 1
        for wish in ("re" if receipt.discount_fen > 0 else "e")
    ]
    assert books.obeyed == expected


def test_outages_and_busy_items_are_asked_again_and_nothing_happens_twice(books: StandIn, door: Door) -> None:
    books.outages, books.busy_batches, books.slow_links = 3, 2, 2
    assert canonical(Importer(door, JANUARY).run()) == EXPECTED.read_bytes()
    assert len(books.obeyed) == len(set(books.obeyed)) == 12_832 + 697


def test_started_again_it_sends_an_open_month_from_its_beginning_and_gets_the_first_answers(
    books: StandIn, door: Door
) -> None:
    books.defect_after = 5_000
    with pytest.raises(ReplayStopped, match="was answered 500"):
        Importer(door, JANUARY).run()
    books.defect_after = None
    assert canonical(Importer(door, JANUARY).run()) == EXPECTED.read_bytes()
    assert len(books.obeyed) == len(set(books.obeyed))


def test_started_again_after_the_seal_it_sends_nothing_and_reads_the_same_report(
    books: StandIn, door: Door
) -> None:
    Importer(door, JANUARY).run()
    obeyed = list(books.obeyed)
    assert canonical(Importer(door, JANUARY).run()) == EXPECTED.read_bytes()
    assert books.obeyed == obeyed


def test_a_month_moved_elsewhere_is_booked_there(books: StandIn, door: Door) -> None:
    moved = Plan(date(2017, 1, 1), date(2017, 2, 1), shift_to=date(2026, 9, 1))
    report = Importer(door, moved).run()
    assert [month["month"] for month in report["months"]] == ["2026-09"]
    assert report["months"][0]["receipts"] == sum(
        receipt.at.month == 1 and receipt.at.day <= 30 for receipt in oracle.read_receipts()
    )


def test_a_group_that_stays_away_ends_the_replay_with_one_sentence(books: StandIn) -> None:
    books.outages = 10**6
    with (
        serving(books) as address,
        Door(address, NoSignature(), patience_s=0.5) as door,
        pytest.raises(ReplayStopped, match="no answer in"),
    ):
        Importer(door, JANUARY).run()
