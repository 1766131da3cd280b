"""What came back of one thing: beside it the sum and the last few, in a list all, for who may see it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

import pytest

from services.points.queries.coming_back import SHOWN, ComingBack, page_of
from services.points.queries.receipts import receipt_of
from services.points.queries.redemption import redemption_of
from shared.kernel.refusal import NotFound
from shared.runtime.database import Questions, Reader
from tests.service.points.ledger_house import LedgerHouse, answer_of, redeem, redemption_id, refund
from tests.service.points.test_returns import LATER, bought, give_back

PARTS = SHOWN + 3

Made = tuple[str, list[dict[str, Any]]]


@pytest.fixture
def reader(house: LedgerHouse) -> Iterator[Reader]:
    """Lend a reader of the house's books."""
    with closing(Reader(house.database.url("reader"), size=1)) as found:
        yield found


def returned(house: LedgerHouse) -> Made:
    """Let a purchase at the office come back in parts; give its id and what each was answered."""
    receipt = bought(house, "office", "PARTS", 200_000, "parts")
    parts = [give_back(receipt, "office", f"P{place}", 100 + place) for place in range(PARTS)]
    return receipt, [answer_of(one) for one in house.obey(*parts)]


def refunded(house: LedgerHouse) -> Made:
    """Let an order at the office be refunded in parts; give its id and what each was answered."""
    paid = redemption_id(house.obey(redeem(house.fund("REFUNDED", 900), "office", "refunded", 600))[0])
    parts = [refund(paid, "office", f"F{place}", 10 + place, LATER) for place in range(PARTS)]
    return paid, [answer_of(one) for one in house.obey(*parts)]


def paged(questions: Questions, back: ComingBack, thing: str, limit: int) -> Iterator[Sequence[Any]]:
    """Give page after page of what came back."""
    page, after = page_of(questions, back, thing, limit, None)
    yield page
    while after is not None:
        page, after = page_of(questions, back, thing, limit, after)
        yield page


@pytest.mark.parametrize(
    ("back", "make", "seen", "noun"),
    [
        (ComingBack.RETURNS, returned, receipt_of, "return"),
        (ComingBack.REFUNDS, refunded, redemption_of, "refund"),
    ],
    ids=["returns", "refunds"],
)
def test_the_last_few_stand_beside_the_thing_and_the_list_has_all(
    fresh: LedgerHouse,
    back: ComingBack,
    make: Callable[[LedgerHouse], Made],
    seen: Callable[[Questions, str], Mapping[str, Any]],
    noun: str,
) -> None:
    thing, made = make(fresh)
    with closing(Reader(fresh.database.url("reader"), size=1)) as reader:
        for unit in ("office", "*"):
            with reader.asked_by(unit=unit) as questions:
                told = seen(questions, thing)
                assert told[f"{noun}ed_fen"] == sum(one["amount_fen"] for one in made)
                assert told[f"{noun}s"] == made[-SHOWN:]
                assert told[f"has_earlier_{noun}s"] is True
                pages = list(paged(questions, back, thing, 5))
                assert [len(page) for page in pages] == [5, 5, 3]
                assert [one for page in pages for one in page] == made[::-1]
        for stranger in ({"unit": "hotel"}, {"holder": "0" * 32}, {}):
            with reader.asked_by(**stranger) as questions, pytest.raises(NotFound):
                page_of(questions, back, thing, 5, None)


def test_what_never_came_back_says_so(house: LedgerHouse, reader: Reader) -> None:
    receipt = bought(house, "office", "KEPT", 200_000, "kept")
    with reader.asked_by(unit="office") as questions:
        told = receipt_of(questions, receipt)
        assert (told["returned_fen"], told["returns"], told["has_earlier_returns"]) == (0, [], False)
        assert page_of(questions, ComingBack.RETURNS, receipt, 5, None) == ([], None)


def test_exactly_as_many_as_are_shown_have_none_before_them(house: LedgerHouse, reader: Reader) -> None:
    receipt = bought(house, "office", "EXACT", 200_000, "exact")
    made = house.obey(*(give_back(receipt, "office", f"E{place}", 1) for place in range(SHOWN)))
    with reader.asked_by(unit="office") as questions:
        told = receipt_of(questions, receipt)
    assert told["returns"] == [answer_of(one) for one in made]
    assert told["has_earlier_returns"] is False
