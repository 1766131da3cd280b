"""Reading again: one reading for all who wait, begun after they asked, and never more than ten a second."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from shared.runtime.rereading import LEAST_S, Rereading
from tests.unit.runtime.small_shop import until

SELDOM_S = 600.0


class Book:
    """A book whose readings are counted; it may be held, empty of news, or away."""

    def __init__(self) -> None:
        self.began: list[float] = []
        self.news = True
        self.away = False
        self.free = threading.Event()
        self.free.set()

    def read(self) -> bool:
        """Read, when it is free."""
        self.began.append(time.monotonic())
        self.free.wait(10)
        if self.away:
            raise LookupError("the book is away")
        return self.news


@contextmanager
def reading(book: Book, every_s: float = SELDOM_S, patience_s: float = 5.0) -> Iterator[Rereading]:
    """Read the book again until the block ends; its first reading is done."""
    part = Rereading("book", every_s, book.read, patience_s=patience_s)
    part.start()
    until(lambda: book.began)
    yield part
    book.free.set()
    part.stop()


def crowd(part: Rereading, count: int) -> list[bool | BaseException]:
    """Let so many wait at the same time."""

    async def waiting() -> list[bool | BaseException]:
        return await asyncio.gather(*(part.learn() for _ in range(count)), return_exceptions=True)

    return asyncio.run(waiting())


def test_a_crowd_that_lacks_something_shares_one_reading() -> None:
    book = Book()
    with reading(book) as part:
        book.free.clear()
        told: list[bool | BaseException] = []
        threads = [threading.Thread(target=lambda: told.extend(crowd(part, 1)))]
        threads[0].start()
        until(lambda: len(book.began) == 2)
        threads.append(threading.Thread(target=lambda: told.extend(crowd(part, 500))))
        threads[1].start()
        until(lambda: len(part._waiting) == 500)
        book.free.set()
        for thread in threads:
            thread.join(10)
    assert told == [True] * 501
    assert len(book.began) == 3


def test_however_many_ask_there_are_ten_readings_a_second_at_most() -> None:
    book = Book()
    with reading(book) as part:
        for _ in range(6):
            crowd(part, 20)
    gaps = [later - earlier for earlier, later in zip(book.began, book.began[1:], strict=False)]
    assert len(gaps) >= 6
    assert min(gaps) > LEAST_S * 0.95


def test_a_reading_that_began_before_somebody_asked_does_not_serve_them() -> None:
    book = Book()
    with reading(book) as part:
        book.free.clear()
        told: list[bool | BaseException] = []
        first = threading.Thread(target=lambda: told.extend(crowd(part, 1)))
        first.start()
        until(lambda: len(book.began) == 2)
        second = threading.Thread(target=lambda: told.extend(crowd(part, 1)))
        second.start()
        until(lambda: part._waiting)
        book.free.set()
        for thread in (first, second):
            thread.join(10)
    assert told == [True, True]
    assert len(book.began) == 3


def test_without_news_there_is_nothing_to_look_for_again() -> None:
    book = Book()
    book.news = False
    with reading(book) as part:
        assert crowd(part, 3) == [False] * 3


def test_without_anybody_the_rhythm_is_kept() -> None:
    book = Book()
    with reading(book, every_s=0.05):
        until(lambda: len(book.began) > 4)
    assert book.began[4] - book.began[0] > 4 * 0.04


def test_a_book_that_is_away_is_said_to_be_and_is_not_asked_faster_for_that() -> None:
    book = Book()
    book.away = True
    with reading(book, patience_s=3.0) as part:
        began = time.monotonic()
        assert [type(one) for one in crowd(part, 5)] == [ConnectionError] * 5
        assert time.monotonic() - began > 0.5
        book.away = False
        assert crowd(part, 1) == [True]
    assert len(book.began) == 3


def test_whoever_waits_too_long_is_told() -> None:
    book = Book()
    with reading(book, patience_s=0.1) as part:
        book.free.clear()
        assert [type(one) for one in crowd(part, 2)] == [TimeoutError] * 2


def test_where_nobody_reads_nobody_waits() -> None:
    book = Book()
    part = Rereading("book", SELDOM_S, book.read)
    assert crowd(part, 2) == [False] * 2
    part.start()
    part.stop()
    assert crowd(part, 2) == [False] * 2


def test_whoever_waits_while_the_process_ends_is_told_too() -> None:
    book = Book()
    with reading(book) as part:
        book.free.clear()
        told: list[bool | BaseException] = []
        ends: list[Callable[[], None]] = [lambda: told.extend(crowd(part, 1)), part.stop]
        threads = [threading.Thread(target=ends[0])]
        threads[0].start()
        until(lambda: len(book.began) == 2)
        threads.append(threading.Thread(target=lambda: told.extend(crowd(part, 1))))
        threads[1].start()
        until(lambda: part._waiting)
        threads.append(threading.Thread(target=ends[1]))
        threads[2].start()
        until(lambda: part._stopping)
        book.free.set()
        for thread in threads:
            thread.join(10)
    assert [type(one) for one in told if one is not True] == [ConnectionError]
