"""Confirmations: a code stands for one purpose and six wrong guesses; the proof is no access token."""

from datetime import UTC, datetime, timedelta

import pytest

from services.member.domain.code import GUESSES, CodeExpired, CodeLocked, TooManyCodes
from services.member.domain.confirmation import (
    Confirmation,
    PhoneMissing,
    WrongConfirmationCode,
    asked,
    confirmed,
    phone_of,
)
from services.member.domain.identity import WORLD, Identity, IdentityKind
from shared.kernel.principal import Principal, Role
from shared.kernel.refusal import Refusal, Unauthenticated
from shared.runtime.clock import now
from shared.web.confirmations import LASTS, ConfirmationReader, mint_confirmation
from shared.web.keys import new_private_key
from shared.web.tokens import TokenReader, mint_token
from tests.key_book import KeysInMemory

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
GIFT, OTHER = f"gft_{'1' * 32}", f"gft_{'2' * 32}"


def sent(at: datetime = NOON) -> Confirmation:
    """Send a first code for a gift."""
    return asked(None, "member", GIFT, b"right", at)


def test_the_right_code_confirms_its_purpose_once_and_no_other() -> None:
    with pytest.raises(CodeExpired):
        confirmed(sent(), OTHER, b"right", NOON)
    used = confirmed(sent(), GIFT, b"right", NOON + timedelta(minutes=4))
    assert used.used
    with pytest.raises(CodeExpired):
        confirmed(used, GIFT, b"right", NOON + timedelta(minutes=4))
    with pytest.raises(CodeExpired):
        confirmed(None, GIFT, b"right", NOON)


def test_wrong_guesses_are_counted_until_the_code_is_locked() -> None:
    kept = sent()
    for left in range(GUESSES - 1, 0, -1):
        with pytest.raises(WrongConfirmationCode) as wrong:
            confirmed(kept, GIFT, b"wrong", NOON)
        assert wrong.value.facts == {"guesses_left": left, "_denied": "guess"}
        (kept,) = wrong.value.changes
    with pytest.raises(CodeLocked) as locked:
        confirmed(kept, GIFT, b"wrong", NOON)
    (kept,) = locked.value.changes
    with pytest.raises(CodeLocked):
        confirmed(kept, GIFT, b"right", NOON)


@pytest.mark.parametrize("late", [timedelta(minutes=5), timedelta(minutes=-1)])
def test_a_code_is_good_for_five_minutes_and_not_before_it_was_sent(late: timedelta) -> None:
    with pytest.raises(CodeExpired):
        confirmed(sent(), GIFT, b"right", NOON + late)


def test_codes_keep_their_pauses_whatever_they_are_for() -> None:
    kept = sent()
    with pytest.raises(TooManyCodes):
        asked(kept, "member", OTHER, b"x", NOON + timedelta(seconds=59))
    assert asked(kept, "member", OTHER, b"x", NOON + timedelta(minutes=1)).purpose == OTHER


def test_codes_go_to_the_phone_that_was_linked_first() -> None:
    first = Identity(IdentityKind.PHONE, WORLD, "+8613800000002", "member", NOON)
    later = Identity(IdentityKind.PHONE, WORLD, "+8613800000001", "member", NOON + timedelta(days=1))
    number = Identity(IdentityKind.UNIT_NUMBER, "hotel", "17", "member", NOON - timedelta(days=1))
    assert phone_of([later, number, first]) == "+8613800000002"
    with pytest.raises(PhoneMissing):
        phone_of([number])


def test_a_proof_stands_for_one_member_one_purpose_and_five_minutes() -> None:
    keys, private = KeysInMemory(), new_private_key()
    keys.publish("k", private.public_key(), now() + timedelta(days=1))
    reader = ConfirmationReader(keys)
    proof = mint_confirmation(private, "k", "mem_1", GIFT, now())
    assert reader.proves(proof, "mem_1", GIFT)
    assert not reader.proves(proof, "mem_2", GIFT)
    assert not reader.proves(proof, "mem_1", OTHER)
    assert not reader.proves(mint_confirmation(private, "k", "mem_1", GIFT, now() - LASTS), "mem_1", GIFT)
    assert not reader.proves(mint_confirmation(new_private_key(), "k", "mem_1", GIFT, now()), "mem_1", GIFT)
    assert not reader.proves(mint_confirmation(private, "other", "mem_1", GIFT, now()), "mem_1", GIFT)
    for made_up in ("", "a.b.c", "e30.e30.", proof[:-2], "x" * 5_000):
        assert not reader.proves(made_up, "mem_1", GIFT)


def test_a_proof_is_no_access_token_and_an_access_token_no_proof() -> None:
    keys, private = KeysInMemory(), new_private_key()
    keys.publish("k", private.public_key(), now() + timedelta(days=1))
    proof = mint_confirmation(private, "k", "mem_1", GIFT, now())
    with pytest.raises(Unauthenticated):
        TokenReader(keys).read(proof)
    token = mint_token(private, "k", Principal("mem_1", Role.MEMBER), now(), timedelta(minutes=15))
    assert not ConfirmationReader(keys).proves(token, "mem_1", GIFT)


def test_every_refusal_of_a_guess_can_be_kept_and_recalled() -> None:
    for code in ("wrong-confirmation-code", "phone-missing"):
        assert Refusal.recalled({"refusal": code, "facts": {"guesses_left": 1}}).code == code
