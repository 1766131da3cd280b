"""Array literals: whatever a text holds, PostgreSQL reads the same text back."""

import re

from hypothesis import given
from hypothesis import strategies as st

from shared.runtime.memory import pg_array, pg_texts

TEXTS = st.text(alphabet=st.sampled_from('ab"\\,{} \n分é'), max_size=6)
ELEMENT = re.compile(r'"((?:[^"\\]|\\.)*)"|(NULL)', re.DOTALL)


def read(literal: str) -> list[str | None]:
    """Read an array literal of texts as PostgreSQL does."""
    assert literal[0] + literal[-1] == "{}"
    inside, read, place = literal[1:-1], list[str | None](), 0
    while place < len(inside):
        found = ELEMENT.match(inside, place)
        assert found is not None, literal
        read.append(None if found[2] else re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL))
        place = found.end() + 1
        assert place == len(inside) + 1 or inside[place - 1] == ","
    return read


@given(st.lists(st.one_of(st.none(), TEXTS, st.just("NULL"), st.just('","'))))
def test_texts_are_read_back_as_they_were_written(texts: list[str | None]) -> None:
    assert read(pg_texts(texts)) == texts


@given(st.lists(st.one_of(st.none(), st.integers(), st.booleans())))
def test_numbers_stand_as_they_are(values: list[int | bool | None]) -> None:
    written = "{" + ",".join("NULL" if value is None else str(value) for value in values) + "}"
    assert pg_array(values) == written
