"""The importer's door: what it asks again, what it stops at, and what it says then."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from infra.replay.door import Door, ReplayStopped
from tests.replay.stand_in import Answer, NoSignature, StandIn, serving


class Scripted(StandIn):
    """Answers from a list, the last one for ever, and remembers what it was asked."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__()
        self.script = list(answers)
        self.asked: list[tuple[str, dict[str, str]]] = []

    def answer(self, path: str, query: dict[str, str], body: Any) -> Answer:
        """Answer the next line of the script."""
        self.asked.append((path, query))
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]


@contextmanager
def door_to(books: Scripted) -> Iterator[Door]:
    """Open a door to a scripted group."""
    with serving(books) as address, Door(address, NoSignature(), patience_s=3) as door:
        yield door


@pytest.mark.parametrize(
    "trouble",
    [
        (503, {"code": "unavailable"}),
        (429, {"code": "too-many"}),
        (409, {"code": "in-flight", "retryable": True}),
    ],
)
def test_what_may_be_tried_again_is_tried_again(trouble: Answer) -> None:
    books = Scripted(trouble, trouble, (200, {"done": True}))
    with door_to(books) as door:
        assert door.post("/points/v1/batches", b"{}", "key") == {"done": True}
    assert len(books.asked) == 3


@pytest.mark.parametrize(
    "trouble",
    [
        (422, {"code": "malformed", "detail": "unit is unknown"}),
        (401, {"code": "unauthenticated"}),
        (409, {"code": "month-before-sealed", "retryable": False}),
        (500, {"code": "defect"}),
    ],
)
def test_any_other_answer_stops_at_once_and_says_where_and_why(trouble: Answer) -> None:
    books = Scripted(trouble)
    sentence = f"POST /a answered {trouble[0]}: {trouble[1]['code']}"
    with door_to(books) as door, pytest.raises(ReplayStopped, match=sentence):
        door.post("/a", b"{}", "key")
    assert len(books.asked) == 1


def test_nothing_there_is_an_answer_to_a_reader_and_none_to_a_writer() -> None:
    books = Scripted((404, {"code": "not-found"}))
    with door_to(books) as door:
        assert door.get("/points/v1/months/2017-01") is None
        with pytest.raises(ReplayStopped):
            door.post("/points/v1/months/2017-01/close", b"{}", "key")


def test_a_query_travels_as_it_was_meant() -> None:
    books = Scripted((200, {}))
    with door_to(books) as door:
        door.get("/points/v1/balances", at="2017-02-01T00:00:00+08:00", cursor="a/b+c=")
    assert books.asked == [("/points/v1/balances", {"at": "2017-02-01T00:00:00+08:00", "cursor": "a/b+c="})]


def test_nobody_at_the_address_is_said_in_one_sentence() -> None:
    with (
        Door("http://127.0.0.1:9", NoSignature(), patience_s=0.3) as door,
        pytest.raises(ReplayStopped, match="GET /a: no answer in 0 s"),
    ):
        door.get("/a")
