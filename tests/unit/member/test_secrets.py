"""The secret: what is derived from it tells nothing, and what was not derived from it is not believed."""

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from services.member.store.sealing import new_key, unsealed
from services.member.store.secret import Secret

SECRET, OTHER = Secret(b"s" * 32), Secret(b"o" * 32)
SESSION = "0192f0c4-7b2a-7c3e-8f10-a2b3c4d5e002"


@given(st.integers(1, 10**9))
def test_a_refresh_token_is_read_back_and_is_always_the_same(generation: int) -> None:
    token = SECRET.refresh_token(SESSION, generation)
    assert token == SECRET.refresh_token(SESSION, generation)
    assert SECRET.read_refresh_token(token) == (SESSION, generation)
    assert OTHER.read_refresh_token(token) is None


@given(st.text(max_size=120))
def test_a_made_up_refresh_token_is_nobodys(token: str) -> None:
    assert SECRET.read_refresh_token(token) is None


@given(st.integers(0, 60), st.characters())
def test_a_refresh_token_with_one_character_changed_is_nobodys(place: int, letter: str) -> None:
    token = SECRET.refresh_token(SESSION, 7)
    forged = token[:place] + letter + token[place + 1 :]
    assert forged == token or SECRET.read_refresh_token(forged) is None


def test_the_secret_never_shows_itself() -> None:
    assert "ssss" not in repr(SECRET)
    with pytest.raises(ValueError, match="32 bytes"):
        Secret(b"short")


def test_a_sealed_key_opens_under_its_own_secret_and_name_alone() -> None:
    key = new_key(SECRET)
    assert len(unsealed(SECRET, key.kid, key.sealed)) == 32
    assert "sealed" not in repr(key)
    for secret, kid in ((OTHER, key.kid), (SECRET, "key_other")):
        with pytest.raises(InvalidTag):
            unsealed(secret, kid, key.sealed)


def test_the_same_code_of_two_phones_has_two_digests() -> None:
    assert SECRET.code_digest("+8613800138000", "123456") != SECRET.code_digest("+8613800138001", "123456")
