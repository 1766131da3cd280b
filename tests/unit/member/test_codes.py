"""One-time codes: whatever a guesser and a clock do, six wrong guesses are the most a code bears."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.member.domain.code import (
    CODE_LASTS,
    CODES_PER_DAY,
    DAY,
    GUESSES,
    Challenge,
    CodeExpired,
    CodeLocked,
    TooManyCodes,
    WrongCode,
    answered,
    challenged,
)
from shared.kernel.refusal import Refusal

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
PHONE = "+8613800138000"
RIGHT, WRONG = b"right", b"wrong"


class Guesser(RuleBasedStateMachine):
    """Somebody asks for codes and guesses, while time passes; a plain count says what must come of it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.kept: Challenge | None = None
        self.wrong = 0
        self.sent_at: datetime | None = None
        self.open = False

    @rule(seconds=st.integers(0, 400))
    def time_passes(self, seconds: int) -> None:
        """Let some time pass."""
        self.now += timedelta(seconds=seconds)

    @rule()
    def a_code_is_asked_for(self) -> None:
        """Ask for a code."""
        before = self.kept
        if before and before.codes_in_day >= CODES_PER_DAY and self.now - before.day_began_at < DAY:
            with pytest.raises(TooManyCodes) as caught:
                challenged(before, PHONE, RIGHT, self.now)
            assert 0 < caught.value.facts["retry_after_s"] <= DAY.total_seconds() + 1
            return
        self.kept = challenged(before, PHONE, RIGHT, self.now)
        self.wrong, self.sent_at, self.open = 0, self.now, True

    @rule()
    def a_wrong_guess_is_made(self) -> None:
        """Guess wrong; what the refusal carries is kept, as the desk keeps it."""
        expected = self._expected(WrongCode if self.wrong < GUESSES - 1 else CodeLocked)
        with pytest.raises(expected) as caught:
            answered(self.kept, WRONG, self.now)
        for change in caught.value.changes:
            self.kept = change
            self.wrong += 1

    @precondition(lambda self: self.kept is not None)
    @rule()
    def the_right_code_is_typed(self) -> None:
        """Type the right code."""
        if self._alive() and self.wrong < GUESSES:
            self.kept = answered(self.kept, RIGHT, self.now)
            self.open = False
        else:
            with pytest.raises(self._expected(CodeLocked)):
                answered(self.kept, RIGHT, self.now)

    @invariant()
    def no_code_bears_more_than_six_wrong_guesses(self) -> None:
        """Hold the kept count against the plain one."""
        assert self.kept is None or (self.kept.guesses == self.wrong <= GUESSES)

    def _alive(self) -> bool:
        return self.open and self.sent_at is not None and self.now - self.sent_at < CODE_LASTS

    def _expected(self, otherwise: type[Refusal]) -> type[Refusal]:
        if self.kept is None:
            return WrongCode
        if not self._alive():
            return CodeExpired
        return CodeLocked if self.wrong >= GUESSES else otherwise


TestGuesser = Guesser.TestCase


def test_a_code_opens_once_and_no_second_time() -> None:
    used = answered(challenged(None, PHONE, RIGHT, START), RIGHT, START)
    with pytest.raises(CodeExpired):
        answered(used, RIGHT, START)


def test_the_sixth_wrong_guess_locks_even_the_right_code() -> None:
    challenge = challenged(None, PHONE, RIGHT, START)
    for guess in range(GUESSES):
        with pytest.raises(CodeLocked if guess == GUESSES - 1 else WrongCode) as caught:
            answered(challenge, WRONG, START)
        challenge = caught.value.changes[0]
    with pytest.raises(CodeLocked):
        answered(challenge, RIGHT, START)
    assert answered(challenged(challenge, PHONE, RIGHT, START), RIGHT, START).used


@given(st.timedeltas(timedelta(microseconds=1), timedelta(days=400)))
def test_a_clock_that_was_set_back_makes_a_code_invalid(back: timedelta) -> None:
    with pytest.raises(CodeExpired):
        answered(challenged(None, PHONE, RIGHT, START), RIGHT, START - back)


def test_a_sign_in_gives_a_phone_its_codes_back() -> None:
    challenge: Challenge | None = None
    for _ in range(CODES_PER_DAY):
        challenge = challenged(challenge, PHONE, RIGHT, START)
    with pytest.raises(TooManyCodes):
        challenged(challenge, PHONE, RIGHT, START)
    assert challenge is not None
    assert challenged(answered(challenge, RIGHT, START), PHONE, RIGHT, START).codes_in_day == 1
    assert challenged(replace(challenge, guesses=3), PHONE, RIGHT, START + DAY).codes_in_day == 1
