"""Where the relay's next look at the outbox begins."""

from shared.runtime.floor import Floor


def test_the_floor_follows_the_settled_and_never_passes_the_pending() -> None:
    """Highest id seen a minute ago, or the lowest pending, whichever is smaller."""
    floor = Floor(settled_s=60)
    floor.seen([5, 9], [], 0.0)
    assert floor.low == 0
    floor.seen([5, 12], [], 59.0)
    assert floor.low == 0
    floor.seen([5, 12], [], 61.0)
    assert floor.low == 5
    floor.seen([12], [11], 62.0)
    assert floor.low == 10
    floor.seen([], [11], 130.0)
    assert floor.low == 11
    floor.seen([], [], 200.0)
    assert floor.low == 13
