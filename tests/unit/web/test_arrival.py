"""A request as it arrived: what came in several lines is one value, and costs what its length costs."""

from __future__ import annotations

from collections.abc import Iterable
from time import process_time
from tracemalloc import get_traced_memory, start, stop

from shared.web.arrival import Arrival


async def _nothing() -> dict[str, object]:
    return {}


def arrived(*headers: tuple[bytes, bytes]) -> Arrival:
    """Let a GET arrive with these lines of headers."""
    return _arrived(headers)


def _arrived(headers: Iterable[tuple[bytes, bytes]]) -> Arrival:
    scope = {"method": "GET", "path": "/", "query_string": b"", "headers": list(headers)}
    return Arrival(scope, _nothing)


def test_a_header_in_several_lines_is_one_value_in_their_order() -> None:
    arrival = arrived((b"a", b"1"), (b"b", b"x"), (b"a", b""), (b"c", b"\xff"), (b"a", b"2"), (b"c", b"\xe9"))
    assert arrival.headers == {b"a": b"1, , 2", b"b": b"x", b"c": b"\xff, \xe9"}
    assert arrival.header(b"c") == "ÿ, é"


def test_a_megabyte_of_empty_lines_costs_no_more_than_any_other_megabyte() -> None:
    lines = [(b"a", b"")] * 250_000
    began = process_time()
    arrival = _arrived(lines)
    # Joined one by one they took more than ten seconds, in which nobody else was answered.
    assert process_time() - began < 2
    assert len(arrival.headers[b"a"]) == 2 * (len(lines) - 1)


def test_of_a_long_list_of_languages_only_what_is_read_is_remembered() -> None:
    start()
    try:
        for number in range(100):
            many = b"en;q=0.%d, %s" % (number + 1, b"x" * 100_000)
            assert arrived((b"accept-language", many)).language == "en"
        many = b""
        # A thousand are remembered: whole, they would have been a hundred megabytes.
        assert get_traced_memory()[0] < 1_000_000
    finally:
        stop()
