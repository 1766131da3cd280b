"""The order of another service's story, per key."""

import pytest

from shared.kernel.heard import EventFork, EventGap, judge


@pytest.mark.parametrize(("last", "seq"), [(None, 1), (None, 900), (0, 1), (41, 42)])
def test_the_next_version_passes_and_an_unknown_key_may_begin_anywhere(last: int | None, seq: int) -> None:
    """What is in order needs no words."""
    judge(last, seq)


def test_a_version_too_far_is_a_gap_and_one_heard_before_is_a_fork() -> None:
    """Both say what was heard last; neither is ever kept as a first answer."""
    with pytest.raises(EventGap) as gap:
        judge(4, 6)
    with pytest.raises(EventFork) as fork:
        judge(4, 4)
    assert gap.value.facts == {"last": 4, "seq": 6}
    assert fork.value.facts == {"last": 4, "seq": 4}
    assert not gap.value.stored
    assert not fork.value.stored
