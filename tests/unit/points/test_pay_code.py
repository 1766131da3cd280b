"""Pay codes by the minute, and what guesses cost, edge by edge."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.pay_code import (
    CODES_LIVE_MAX,
    FREE_GUESSES,
    LONGEST_PAUSE,
    Guesser,
    PayCode,
    PayCodeExpired,
    PayCodesLocked,
    PayCodeUsed,
    TooManyPayCodes,
    check_live,
    guessed,
    opened,
)
from services.points.store.secret import Secret
from shared.kernel.refusal import NotFound

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
SECOND, TICK = timedelta(seconds=1), timedelta(microseconds=1)
CODE = PayCode("digest", "mem_1", NOW, NOW + 60 * SECOND)
SECRET = Secret(b"a secret")


def test_a_code_opens_in_its_minute_and_not_at_its_end() -> None:
    for good in (NOW, NOW + 60 * SECOND - TICK, NOW - SECOND):
        assert opened(CODE, None, "till", "order 1", good) is CODE
    jump = timedelta(minutes=5)
    for bad in (NOW + 60 * SECOND, NOW - SECOND - TICK, NOW + jump, NOW - jump):
        with pytest.raises(PayCodeExpired):
            opened(CODE, None, "till", "order 1", bad)


def test_a_used_code_opens_its_own_order_for_its_own_client_alone() -> None:
    used = CODE.used(NOW, "till", "order 1")
    late = NOW + timedelta(hours=1)
    assert opened(used, None, "till", "order 1", late) is used
    with pytest.raises(PayCodeUsed):
        opened(used, None, "till", "order 2", NOW)
    with pytest.raises(NotFound) as refused:
        opened(used, None, "another till", "order 1", NOW)
    assert refused.value.changes == (Guesser("another till", 1, NOW),)


def test_whoever_is_locked_opens_nothing_until_the_pause_is_over() -> None:
    locked = Guesser("till", 9, NOW, NOW + 10 * SECOND)
    with pytest.raises(PayCodesLocked) as refused:
        opened(CODE, locked, "till", "order 1", NOW + 10 * SECOND - TICK)
    assert refused.value.facts["retry_after_s"] == 1
    assert refused.value.changes == ()
    assert opened(CODE, locked, "till", "order 1", NOW + 10 * SECOND) is CODE


@given(st.integers(1, 10_000))
def test_pauses_grow_and_end_somewhere(wrong: int) -> None:
    before = Guesser("till", wrong, NOW)
    after = guessed(before, "till", NOW + SECOND)
    assert after.wrong == wrong + 1
    pause = (after.locked_until or after.last_at) - after.last_at
    assert (pause > timedelta(0)) is (wrong >= FREE_GUESSES)
    following = guessed(after, "till", NOW + 2 * SECOND)
    assert pause <= (following.locked_until or following.last_at) - following.last_at <= LONGEST_PAUSE


def test_a_day_without_a_guess_is_forgiven() -> None:
    before = Guesser("till", 900, NOW)
    assert guessed(before, "till", NOW + timedelta(days=1)).wrong == 1
    assert guessed(before, "till", NOW + timedelta(days=1) - TICK).wrong == 901


def test_ten_codes_may_live() -> None:
    check_live(CODES_LIVE_MAX - 1)
    with pytest.raises(TooManyPayCodes):
        check_live(CODES_LIVE_MAX)


@given(st.uuids(), st.uuids())
def test_a_code_is_18_digits_the_same_for_the_same_request_alone(one: object, other: object) -> None:
    code = SECRET.pay_code(str(one))
    assert len(code) == 18
    assert code.isdigit()
    assert SECRET.pay_code(str(one)) == code
    assert (SECRET.pay_code(str(other)) == code) is (one == other)
    assert SECRET.pay_code_digest(code) != Secret(b"another secret").pay_code_digest(code)
    assert code not in repr(CODE)
    assert "secret" not in repr(SECRET)
