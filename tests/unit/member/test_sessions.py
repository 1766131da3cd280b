"""Sessions: every generation is given to one holder; whoever brings an old token ends the session for all."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.member.domain.session import (
    SAME_PAIR,
    SESSION_LASTS,
    RefreshReused,
    Session,
    SessionEnded,
    ended,
    opened,
    refreshed,
)

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


class Holders(RuleBasedStateMachine):
    """An owner and a thief refresh with whatever token they have, while time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.session: Session = opened("s", "m", START)
        self.given = {1: START}

    @rule(seconds=st.integers(0, 40))
    def time_passes(self, seconds: int) -> None:
        """Let some time pass."""
        self.now += timedelta(seconds=seconds)

    @rule(back=st.integers(0, 3))
    def somebody_refreshes(self, back: int) -> None:
        """Refresh with the token of this many generations ago."""
        generation = max(self.session.generation - back, 1)
        back = self.session.generation - generation
        if self.session.ended_at is not None:
            with pytest.raises(SessionEnded):
                refreshed(self.session, generation, self.now)
        elif back == 0:
            before, self.session = self.session, refreshed(self.session, generation, self.now)
            assert self.session.generation == before.generation + 1
            self.given[self.session.generation] = self.now
        elif back == 1 and self.now - self.session.rotated_at < SAME_PAIR:
            assert refreshed(self.session, generation, self.now).pair == self.session.pair
        else:
            with pytest.raises(RefreshReused) as caught:
                refreshed(self.session, generation, self.now)
            (self.session,) = caught.value.changes

    @invariant()
    def a_generation_is_given_at_one_moment(self) -> None:
        """Hold the session's moment against the note of when its pair was first given."""
        assert self.session.rotated_at == self.given[self.session.generation]


TestHolders = Holders.TestCase


def test_a_stolen_token_ends_the_session_of_its_owner_too() -> None:
    session = refreshed(refreshed(opened("s", "m", START), 1, START), 2, START + timedelta(minutes=1))
    with pytest.raises(RefreshReused) as caught:
        refreshed(session, 1, START + timedelta(minutes=2))
    with pytest.raises(SessionEnded):
        refreshed(caught.value.changes[0], 3, START + timedelta(minutes=3))


@given(st.timedeltas(timedelta(microseconds=1), timedelta(days=1)))
def test_a_clock_that_was_set_back_widens_no_window(back: timedelta) -> None:
    session = refreshed(opened("s", "m", START), 1, START)
    with pytest.raises(RefreshReused):
        refreshed(session, 1, START - back)


def test_a_session_unused_for_thirty_days_has_ended() -> None:
    with pytest.raises(SessionEnded):
        refreshed(opened("s", "m", START), 1, START + SESSION_LASTS)


def test_signing_out_twice_changes_nothing_more() -> None:
    session = ended(opened("s", "m", START), START)
    assert session is not None
    assert ended(session, START) is None
    assert ended(None, START) is None
