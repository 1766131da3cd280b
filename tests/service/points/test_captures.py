"""What was captured of a hold: beside it the last few, in a list all, for who may see it."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from services.points.queries.captures import captures_of
from services.points.queries.coming_back import SHOWN
from services.points.queries.holds import hold_of_order, hold_view, open_holds
from shared.kernel.ids import read
from shared.kernel.refusal import NotFound
from shared.runtime.database import Questions, Reader
from tests.service.points.hold_room import capture, hold, placed, release
from tests.service.points.ledger_house import LedgerHouse, answer_of

PARTS = SHOWN + 3


@pytest.fixture
def reader(house: LedgerHouse) -> Iterator[Reader]:
    """Lend a reader of the house's books."""
    with closing(Reader(house.database.url("reader"), size=1)) as found:
        yield found


def taken(house: LedgerHouse, told: dict[str, Any], times: int) -> list[dict[str, Any]]:
    """Capture a hold that often, a fen more each time; give what its list should tell, the last first."""
    parts = [capture(told, f"C{place}", 1 + place) for place in range(times)]
    made = [answer_of(one) for one in house.obey(*parts)]
    return [{name: one[name] for name in ("capture_no", "redemption", "paid_fen")} for one in reversed(made)]


def known(captures: list[Any]) -> list[dict[str, Any]]:
    """Leave out when."""
    return [{name: value for name, value in one.items() if name != "occurred_at"} for one in captures]


def id_of(told: dict[str, Any]) -> str:
    """Give the bare id of a hold."""
    return read("hld", told["hold"]) or ""


def paged(questions: Questions, told: dict[str, Any], limit: int) -> Iterator[list[Any]]:
    """Give page after page of what was captured."""
    page, after = captures_of(questions, id_of(told), limit, None)
    yield page
    while after is not None:
        page, after = captures_of(questions, id_of(told), limit, after)
        yield page


def test_the_last_few_stand_beside_the_hold_and_the_list_has_all(house: LedgerHouse, reader: Reader) -> None:
    told = placed(house, hold(house.fund("OFTEN", 900), "often", 500))
    made = taken(house, told, PARTS)
    for unit in ("hotel", "*"):
        with reader.asked_by(unit=unit) as questions:
            for shown in (hold_view(questions, id_of(told)), hold_of_order(questions, "hotel", "often")):
                assert shown["captured_fen"] == sum(one["paid_fen"] for one in made)
                assert known(shown["captures"]) == made[SHOWN - 1 :: -1]
                assert shown["has_earlier_captures"] is True
            pages = list(paged(questions, told, 5))
            assert [len(page) for page in pages] == [5, 5, 3]
            assert [one for page in pages for one in known(page)] == made
    for stranger in ({"unit": "office"}, {"holder": "0" * 32}, {}):
        with reader.asked_by(**stranger) as questions, pytest.raises(NotFound):
            captures_of(questions, id_of(told), 5, None)


def test_holds_on_one_page_each_show_their_own(house: LedgerHouse, reader: Reader) -> None:
    payer = house.fund("PAGE", 5_000)
    holds = [placed(house, hold(payer, f"page-{place}", 1_000)) for place in range(4)]
    made = [taken(house, told, times) for told, times in zip(holds, (PARTS, SHOWN, 1, 0), strict=True)]
    often, *_, never = holds
    ((holder,),) = house.rows("SELECT holder_id::text FROM holds WHERE id = %s", id_of(often))
    with reader.asked_by(holder=holder) as questions:
        shown = {one["hold"]: one for one in open_holds(questions, 100, None)[0]}
        assert list(paged(questions, never, 5)) == [[]]
        assert [known(page) for page in paged(questions, often, 100)] == [made[0]]
    for told, captures in zip(holds, made, strict=True):
        assert known(shown[told["hold"]]["captures"]) == captures[SHOWN - 1 :: -1]
        assert shown[told["hold"]]["has_earlier_captures"] is (told is often)


def test_open_holds_come_page_by_page_soonest_first_each_once(house: LedgerHouse, reader: Reader) -> None:
    payer = house.fund("PAGED", 9_000)
    # Of two that expire at the same moment neither may be left out between two pages.
    lasts_s = [600, 300, 300, 900, 300, 1_200, 60]
    holds = [
        placed(house, hold(payer, f"paged-{place}", 1_000, lasts_s=lasts))
        for place, lasts in enumerate(lasts_s)
    ]
    ((holder,),) = house.rows("SELECT holder_id::text FROM holds WHERE id = %s", id_of(holds[0]))
    answer_of(house.obey(release(holds[3]))[0])
    left = {one["hold"] for one in holds} - {holds[3]["hold"]}
    with reader.asked_by(holder=holder) as questions:
        for limit in (1, 2, 3, 6, 100):
            pages: list[list[tuple[Any, str]]] = []
            after = None
            while not pages or after is not None:
                page, after = open_holds(questions, limit, after)
                pages.append([(one["expires_at"], one["hold"]) for one in page])
            told = [one for page in pages for one in page]
            assert [moment for moment, _ in told] == sorted(moment for moment, _ in told)
            assert [one for _, one in told[1:4]] == sorted(one for _, one in told[1:4])
            assert (len(told), {one for _, one in told}) == (len(left), left)
            assert {len(page) for page in pages[:-1]} <= {limit}
    for stranger in ({"holder": "0" * 32}, {}):
        with reader.asked_by(**stranger) as questions:
            assert open_holds(questions, 100, None) == ([], None)
