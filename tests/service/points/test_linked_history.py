"""What a number earned and spent before it was linked is in its member's history, and in nobody else's."""

from typing import Any

from services.points.queries.history import history
from shared.kernel.command import Command
from shared.runtime.database import Questions, Reader
from tests.service.points.ledger_house import LedgerHouse, answer_of, earn, link, redeem


def one_by_one(questions: Questions) -> list[dict[str, Any]]:
    """Give the asker's history again, a page for each journal."""
    found: list[dict[str, Any]] = []
    page, after = history(questions, 1, None)
    while page:
        found += page
        page, after = history(questions, 1, after)
    return found


def told(house: LedgerHouse, identity: str) -> list[tuple[str, str]]:
    """Give kind and unit of every journal that the holder of an identity sees, oldest first."""
    ((holder,),) = house.rows("SELECT holder_id::text FROM wallets WHERE identity = %s", identity)
    reader = Reader(house.database.url("reader"), size=1)
    try:
        with reader.asked_by(holder=holder) as questions:
            page, _ = history(questions, 50, None)
            assert len(page) == questions.rows("SELECT count(*) AS n FROM journals")[0].n
            assert all(one["movements"] for one in page)
            assert one_by_one(questions) == page
    finally:
        reader.close()
    return [(one["kind"], one["unit"]) for one in reversed(page)]


def test_what_a_number_did_before_it_was_linked_is_in_its_members_history(house: LedgerHouse) -> None:
    past: list[Command] = [
        earn("office", "past", 200_000, "past-1"),
        redeem("office:past", "hotel", "past-1", 300),
    ]
    for answer in house.obey(*past, link("mem_past", "office", "past")):
        answer_of(answer)
    answer_of(house.obey(earn("office", "past", 2_000, "past-2"))[0])
    before = [("earning", "office"), ("redemption", "hotel")]
    assert sorted(told(house, "mem_past")) == sorted([*before, ("earning", "office")])


def test_what_a_number_did_under_another_member_stays_theirs(house: LedgerHouse) -> None:
    house.obey(earn("office", "moved", 2_000, "moved-1"), link("mem_first", "office", "moved"))
    house.obey(earn("office", "moved", 2_000, "moved-2"), earn("hotel", "own", 2_000, "moved-3"))
    house.obey(link("mem_first", "hotel", "own"))
    answer_of(house.obey(link("mem_second", "office", "moved"))[0])
    answer_of(house.obey(earn("office", "moved", 2_000, "moved-4"))[0])
    assert told(house, "mem_second") == [("earning", "office")] * 2
    assert ("earning", "hotel") not in told(house, "mem_second")
