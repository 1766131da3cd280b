"""Signing keys: some key always signs, and no token outlives what others believe of its key."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.member.domain.signing_key import (
    ANNOUNCED_AHEAD,
    TOKEN_LASTS,
    SigningKey,
    announced_again,
    believed,
    key_at,
    publication,
    rotated,
    wants_renewal,
)

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
GAPS = st.lists(st.timedeltas(timedelta(0), timedelta(days=20)), min_size=1, max_size=8)


def _after(gaps: list[timedelta]) -> tuple[dict[str, SigningKey], datetime]:
    keys: dict[str, SigningKey] = {}
    now = START
    for place, gap in enumerate(gaps):
        for key in rotated(keys.values(), f"key_{place}", "x", b"", now):
            keys[key.kid] = key
        now += gap
    return keys, now


@given(GAPS, st.integers(0, 10**6))
def test_some_key_signs_at_every_moment_and_is_believed_until_its_last_token_ends(
    gaps: list[timedelta], millionth: int
) -> None:
    keys, now = _after(gaps)
    moment = START + (now - START) * millionth // 10**6
    signing = key_at(keys.values(), moment)
    assert signing is not None
    assert signing in believed(keys.values(), moment + TOKEN_LASTS)


def test_a_new_key_is_announced_before_it_signs() -> None:
    first = rotated([], "key_0", "x", b"", START)
    assert key_at(first, START) == first[0]
    now = START + timedelta(days=1)
    keys = rotated(first, "key_1", "y", b"", now)
    assert [key.kid for key in keys] == ["key_0", "key_1"]
    before, after = now + ANNOUNCED_AHEAD - timedelta(seconds=1), now + ANNOUNCED_AHEAD
    assert key_at(keys, before) == keys[0]
    assert key_at(keys, after) == keys[1]


def test_every_change_of_a_key_is_announced_once() -> None:
    keys = rotated(rotated([], "key_0", "x", b"", START), "key_1", "y", b"", START + timedelta(days=1))
    assert [key.version for key in keys] == [2, 1]
    assert [key.version for key in announced_again(keys, START + timedelta(days=1))] == [3, 2]
    event = publication(keys[0], START)
    assert (event.key, event.seq) == ("key_0", 2)
    assert set(event.data) == {"kid", "public_key", "not_after"}


def test_a_key_is_renewed_a_week_before_it_ends() -> None:
    keys = rotated([], "key_0", "x", b"", START)
    assert not wants_renewal(keys, START)
    assert not wants_renewal(keys, START + timedelta(days=22))
    assert wants_renewal(keys, START + timedelta(days=23))
    assert wants_renewal([], START)
