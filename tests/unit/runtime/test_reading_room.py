"""The reading room: who waits together is answered together, and nobody hangs whatever happens."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import Any, cast

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from shared.runtime.reading_room import BATCH, ReadingRoom

Room = ReadingRoom[int, int]


class Line:
    """Stands in for a connection; `closed` as psycopg2 has it."""

    def __init__(self) -> None:
        self.closed = 0
        self.autocommit = False

    @contextmanager
    def cursor(self) -> Any:
        """Lend a cursor."""
        yield None

    def close(self) -> None:
        """Close."""
        self.closed = 1


class Library:
    """Answers a question with ten times itself and remembers which were asked together."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.lines: list[Line] = []
        self.open = threading.Event()
        self.open.set()
        self.before: Callable[[Sequence[int]], None] = lambda _: None

    def connect(self) -> Connection:
        """Open a line."""
        self.lines.append(Line())
        return cast(Connection, self.lines[-1])

    def answers(self, _cursor: Cursor, questions: Sequence[int]) -> list[int]:
        """Answer all questions, once the library is open."""
        self.open.wait(10)
        self.asked.append(list(questions))
        self.before(questions)
        return [10 * one for one in questions]

    def room(self, patience_s: float = 10.0) -> Room:
        """Open a room on this library."""
        room: Room = ReadingRoom(self.answers, self.connect, patience_s)
        room.start()
        return room


async def ask_all(room: Room, questions: Sequence[int]) -> list[int | BaseException]:
    """Ask all at the same moment."""
    return await asyncio.gather(*(room.ask(one) for one in questions), return_exceptions=True)


def test_who_waits_together_is_answered_together_and_in_order() -> None:
    library = Library()
    library.open.clear()
    room = library.room()

    async def crowd() -> list[int | BaseException]:
        asking = asyncio.create_task(ask_all(room, range(3 * BATCH)))
        await asyncio.sleep(0)
        library.open.set()
        return await asking

    assert asyncio.run(crowd()) == [10 * one for one in range(3 * BATCH)]
    room.stop()
    assert sorted(one for batch in library.asked for one in batch) == list(range(3 * BATCH))
    assert max(map(len, library.asked)) == BATCH
    assert len(library.lines) == 1


def test_a_question_that_cannot_be_answered_harms_no_other() -> None:
    library = Library()

    def stumble(questions: Sequence[int]) -> None:
        if 3 in questions:
            raise ValueError("three")

    library.before = stumble
    room = library.room()
    told = asyncio.run(ask_all(room, range(6)))
    room.stop()
    assert [one for one in told if not isinstance(one, ValueError)] == [0, 10, 20, 40, 50]


def test_a_lost_connection_is_opened_again_and_what_was_read_is_read_once_more() -> None:
    library = Library()

    def cut(_questions: Sequence[int]) -> None:
        if len(library.lines) == 1:
            library.lines[0].closed = 2
            raise psycopg2.OperationalError("server closed the connection")

    library.before = cut
    room = library.room()
    assert asyncio.run(ask_all(room, [1, 2])) == [10, 20]
    room.stop()
    assert len(library.lines) == 2


def test_a_database_that_stays_away_is_told_to_everybody() -> None:
    def away() -> Connection:
        raise psycopg2.OperationalError("connection refused")

    room: Room = ReadingRoom(Library().answers, away)
    room.start()
    told = asyncio.run(ask_all(room, [1, 2, 3]))
    room.stop()
    assert [type(one) for one in told] == [psycopg2.OperationalError] * 3


def test_who_waited_too_long_is_told_so_and_the_room_goes_on() -> None:
    library = Library()
    room = library.room(patience_s=0.0)
    told = asyncio.run(ask_all(room, [1]))
    room.stop()
    assert [type(one) for one in told] == [TimeoutError]
    assert not library.asked


def test_a_closed_room_answers_what_waits_and_takes_nothing_more() -> None:
    library = Library()
    room = library.room()
    assert asyncio.run(ask_all(room, [1])) == [10]
    room.stop()
    with pytest.raises(TimeoutError):
        asyncio.run(room.ask(2))
    assert library.lines[0].closed
