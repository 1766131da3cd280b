"""How often the relay looks at the outbox: often, and rarely once nothing has come for a while."""

from shared.runtime.relay import RelayPace


def test_it_looks_rarely_only_once_nothing_has_come_for_a_while() -> None:
    pace = RelayPace(poll_s=0.02, quiet_s=1.0, idle_s=0.1)
    assert [pace.look_away_s(quiet_for_s) for quiet_for_s in (0.0, 0.5, 0.99)] == [0.02] * 3
    assert [pace.look_away_s(quiet_for_s) for quiet_for_s in (1.0, 3_600.0)] == [0.1] * 2
