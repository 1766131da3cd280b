"""A request as it arrived: what came in several lines is one value, and costs what its length costs."""

from __future__ import annotations

from time import process_time
from tracemalloc import get_traced_memory, start, stop

from tests.unit.web.errand import arrived


def test_a_header_in_several_lines_is_one_value_in_their_order() -> None:
    arrival = arrived(("a", "1"), ("b", "x"), ("a", ""), ("c", "ÿ"), ("a", "2"), ("c", "é"))
    assert arrival.headers == {b"a": b"1, , 2", b"b": b"x", b"c": b"\xff, \xe9"}
    assert arrival.header(b"c") == "ÿ, é"


def test_a_megabyte_of_empty_lines_costs_no_more_than_any_other_megabyte() -> None:
    lines = [("a", "")] * 250_000
    began = process_time()
    arrival = arrived(*lines)
    # Joined one by one they took more than ten seconds, in which nobody else was answered.
    assert process_time() - began < 2
    assert len(arrival.headers[b"a"]) == 2 * (len(lines) - 1)


def test_of_a_long_list_of_languages_only_what_is_read_is_remembered() -> None:
    start()
    try:
        for number in range(100):
            many = f"en;q=0.{number + 1}, {'x' * 100_000}"
            assert arrived(("accept-language", many)).language == "en"
        many = ""
        # A thousand are remembered: whole, they would have been a hundred megabytes.
        assert get_traced_memory()[0] < 1_000_000
    finally:
        stop()
