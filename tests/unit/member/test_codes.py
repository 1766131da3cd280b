"""One-time codes: whatever a guesser and a clock do, six wrong guesses are the most a code bears."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.member.domain.code import (
    CODE_LASTS,
    DAY,
    GUESSES,
    PAUSES,
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
        self.began_at = START
        self.sent = 0
        self.open = False

    @rule(seconds=st.integers(0, 400) | st.integers(0, 90_000))
    def time_passes(self, seconds: int) -> None:
        """Let some time pass."""
        self.now += timedelta(seconds=seconds)

    @rule()
    def a_code_is_asked_for(self) -> None:
        """Ask for a code."""
        pause = PAUSES[min(self.sent, len(PAUSES) - 1)]
        if self.sent_at is not None and self.now - self.began_at < DAY and self.now - self.sent_at < pause:
            with pytest.raises(TooManyCodes) as caught:
                challenged(self.kept, PHONE, RIGHT, self.now)
            over_at = self.now + timedelta(seconds=caught.value.facts["retry_after_s"])
            assert over_at == self.sent_at + pause
            return
        if self.sent_at is None or self.now - self.began_at >= DAY:
            self.sent, self.began_at = 0, self.now
        self.kept = challenged(self.kept, PHONE, RIGHT, self.now)
        self.wrong, self.sent_at, self.open = 0, self.now, True
        self.sent += 1

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
            self.open, self.sent = False, 0
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
    later = START + PAUSES[1]
    assert answered(challenged(challenge, PHONE, RIGHT, later), RIGHT, later).used


@given(st.timedeltas(timedelta(microseconds=1), timedelta(days=400)))
def test_a_clock_that_was_set_back_makes_a_code_invalid(back: timedelta) -> None:
    with pytest.raises(CodeExpired):
        answered(challenged(None, PHONE, RIGHT, START), RIGHT, START - back)


def test_whoever_asks_all_day_makes_the_owner_wait_a_quarter_of_an_hour_at_most() -> None:
    challenge, sent, longest = None, 0, timedelta(0)
    for second in range(int(DAY.total_seconds())):
        now = START + timedelta(seconds=second)
        try:
            challenge = challenged(challenge, PHONE, RIGHT, now)
            sent += 1
        except TooManyCodes as refusal:
            longest = max(longest, timedelta(seconds=refusal.facts["retry_after_s"]))
    assert longest <= timedelta(minutes=15)
    assert sent <= 100


def test_a_code_that_is_asked_for_too_early_leaves_the_one_that_was_sent() -> None:
    challenge = challenged(None, PHONE, RIGHT, START)
    with pytest.raises(TooManyCodes) as caught:
        challenged(challenge, PHONE, WRONG, START + PAUSES[1] - timedelta(microseconds=1))
    assert caught.value.facts == {"retry_after_s": 1}
    assert caught.value.changes == ()
    assert answered(challenge, RIGHT, START + PAUSES[1]).used
    assert challenged(challenge, PHONE, WRONG, START + PAUSES[1]).digest == WRONG


def test_a_sign_in_gives_a_phone_its_codes_back() -> None:
    challenge, now = None, START
    for pause in PAUSES:
        now += pause
        challenge = challenged(challenge, PHONE, RIGHT, now)
    with pytest.raises(TooManyCodes):
        challenged(challenge, PHONE, RIGHT, now)
    assert challenge is not None
    assert challenged(answered(challenge, RIGHT, now), PHONE, RIGHT, now).codes_in_day == 1
    assert challenged(replace(challenge, guesses=3), PHONE, RIGHT, START + DAY).codes_in_day == 1


def test_a_clock_that_was_set_back_does_not_lengthen_a_pause() -> None:
    challenge = replace(challenged(None, PHONE, RIGHT, START), sent_at=START + timedelta(hours=3))
    assert challenged(challenge, PHONE, RIGHT, START + timedelta(hours=1)).codes_in_day == 2
