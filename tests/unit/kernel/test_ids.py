"""Ids: what a command creates is named after it, in the same order and always the same."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.ids import DERIVED_MAX, derived, read, shown
from shared.runtime.clock import mint_id

CANONICAL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@given(st.lists(st.integers(0, DERIVED_MAX), unique=True, min_size=2))
def test_derived_names_differ_and_sort_by_their_ordinal(ordinals: list[int]) -> None:
    parent = mint_id()
    names = [derived(parent, one) for one in ordinals]
    assert len(set(names)) == len(names)
    assert sorted(names) == [derived(parent, one) for one in sorted(ordinals)]
    assert all(CANONICAL.fullmatch(one) for one in names)


def test_a_minted_id_leaves_room_for_what_it_creates() -> None:
    minted = [mint_id() for _ in range(2_000)]
    assert all(one.endswith("000") and one[14] == "7" and CANONICAL.fullmatch(one) for one in minted)
    assert len(set(minted)) == len(minted)
    assert derived(minted[0], 0) == minted[0]


@pytest.mark.parametrize("ordinal", [-1, DERIVED_MAX + 1])
def test_a_command_cannot_name_more_than_it_has_room_for(ordinal: int) -> None:
    with pytest.raises(ValueError, match="can name"):
        derived(mint_id(), ordinal)


@given(st.uuids())
def test_what_is_shown_is_read_back_under_its_own_prefix_alone(identifier: object) -> None:
    name = shown("lot", str(identifier))
    assert read("lot", name) == str(identifier)
    assert read("jrn", name) is None
    assert read("lot", name.upper()) is None
    assert read("lot", f"{name}0") is None
