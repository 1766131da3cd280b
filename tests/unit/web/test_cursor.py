"""A list goes on only behind a cursor it wrote itself, for the same reader."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.refusal import Malformed
from shared.web.cursor import Cursors

CURSORS = Cursors(b"s" * 32)


@given(
    st.text(max_size=20),
    st.lists(st.text(max_size=20) | st.integers(-(2**63), 2**63 - 1) | st.none(), max_size=4),
)
def test_gives_back_what_was_written(purpose: str, after: list[str | int | None]) -> None:
    assert CURSORS.read(purpose, CURSORS.write(purpose, after)) == after


def test_refuses_what_it_did_not_write() -> None:
    cursor = CURSORS.write("history mem_1", ["2026-01-31T10:00:00Z", 7])
    assert CURSORS.read("history mem_1", cursor) == ["2026-01-31T10:00:00Z", 7]
    forged = (
        "",
        "a",
        "é",
        "!" * 20,
        cursor[:-4],
        "B" + cursor[1:] if cursor[0] != "B" else "C" + cursor[1:],
        cursor + "AAAA",
        Cursors(b"t" * 32).write("history mem_1", ["2026-01-31T10:00:00Z", 7]),
        "A" * 100_000,
    )
    for other in forged:
        with pytest.raises(Malformed) as refused:
            CURSORS.read("history mem_1", other)
        assert refused.value.facts["faults"][0]["pointer"] == "/cursor"


def test_refuses_another_readers_cursor_and_another_lists() -> None:
    cursor = CURSORS.write("history mem_1", [1])
    for purpose in ("history mem_2", "lines mem_1", ""):
        with pytest.raises(Malformed):
            CURSORS.read(purpose, cursor)


@given(st.text(max_size=60))
def test_no_cursor_is_a_defect(cursor: str) -> None:
    with pytest.raises(Malformed):
        CURSORS.read("history", cursor)


def test_wants_a_secret_worth_the_name() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Cursors(b"short")
