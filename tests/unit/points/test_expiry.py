"""What is left of a lot past its end has expired part by part: at its end, or once a hold let it go."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.expiry import endings
from tests.unit.points.ledger import LATE, lot

MOMENTS = st.integers(-3, 6).map(lambda hours: LATE + timedelta(hours=hours))
LET_GO = st.dictionaries(MOMENTS, st.integers(1, 40), max_size=5)


def told(points: int, let_go: dict[int, int]) -> list[tuple[int, int]]:
    """Give points and hours after the lot's end of each part, holds given by hours as well."""
    moments = {LATE + timedelta(hours=hours): count for hours, count in let_go.items()}
    return [(one.points, (one.at - LATE) // timedelta(hours=1)) for one in endings(lot("a", points), moments)]


def test_what_was_free_ends_with_the_lot_and_what_a_hold_let_go_later_at_that_moment() -> None:
    assert told(10, {}) == [(10, 0)]
    assert told(10, {2: 4, 5: 3}) == [(3, 0), (4, 2), (3, 5)]
    assert told(10, {5: 10}) == [(10, 5)]


def test_what_was_let_go_before_the_end_was_free_at_it() -> None:
    assert told(10, {-2: 4, 0: 3}) == [(10, 0)]


def test_what_came_back_first_has_expired_first() -> None:
    # A round between the two has taken all that was there by then.
    assert told(3, {2: 4, 5: 3}) == [(3, 5)]
    assert told(5, {2: 4, 5: 3}) == [(2, 2), (3, 5)]


@given(st.integers(1, 100), LET_GO)
def test_the_parts_are_all_that_is_left_in_order_and_none_is_dated_before_it_was_there(
    points: int, let_go: dict[datetime, int]
) -> None:
    parts = endings(lot("a", points), let_go)
    assert sum(one.points for one in parts) == points
    assert [one.at for one in parts] == sorted({one.at for one in parts})
    for one in parts:
        assert one.points > 0
        assert one.at == LATE or (one.at > LATE and one.points <= let_go[one.at])
