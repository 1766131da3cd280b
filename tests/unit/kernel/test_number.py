"""Numbers that people type: each has one spelling, and the one spelling is its own."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.number import normal


@pytest.mark.parametrize("typed", ["ab-17", " AB-17 ", "ＡＢ－１７", "Ab-17", "\u3000aB-17\xa0"])
def test_a_number_typed_in_many_ways_has_one_spelling(typed: str) -> None:
    assert normal(typed) == "AB-17"


@pytest.mark.parametrize(("one", "other"), [("O1", "01"), ("A 1", "A1"), ("A1", "А1"), ("1", "01")])
def test_what_only_looks_alike_stays_different(one: str, other: str) -> None:
    assert normal(one) != normal(other)


@given(st.text(max_size=12))
def test_the_one_spelling_is_its_own_and_needs_no_composing(text: str) -> None:
    spelled = normal(text)
    assert normal(spelled) == spelled == unicodedata.normalize("NFKC", spelled)


def test_the_one_spelling_of_every_single_character_is_its_own() -> None:
    characters = (chr(point) for point in range(sys.maxunicode + 1) if not 0xD800 <= point < 0xE000)
    assert all(normal(spelled) == spelled for spelled in map(normal, characters))
