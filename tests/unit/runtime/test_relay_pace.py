"""How often the relay looks at the outbox: often while there is something, ever more rarely while not."""

from shared.runtime.relay import RelayPace


def test_looks_that_find_nothing_come_ever_more_rarely_down_to_a_bound() -> None:
    pace = RelayPace(poll_s=0.02, idle_s=0.1)
    waits = [pace.poll_s]
    for _ in range(4):
        waits.append(pace.look_away_s(waits[-1], carried=0))
    assert waits == [0.02, 0.04, 0.08, 0.1, 0.1]


def test_whatever_is_carried_makes_it_look_often_again() -> None:
    pace = RelayPace(poll_s=0.02, idle_s=0.1)
    assert pace.look_away_s(0.1, carried=1) == 0.02
