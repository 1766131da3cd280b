"""Limits: all wishes of a command or none, exactly the budget, and a no only once everything was gathered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.limit import LimitReached, Share, Wish, draw
from shared.kernel.command import Postponed


def wish(amount: int, limit: str = "campaign", total: int = 100) -> Wish:
    """Wish to draw from a window of January."""
    return Wish(limit, "2017-01", total, amount, "subject")


def test_a_window_that_is_not_locked_yet_is_asked_for() -> None:
    with pytest.raises(Postponed) as put_off:
        draw({}, [wish(1), wish(2, "other")])
    assert put_off.value.rows == (("limit", "campaign|2017-01"), ("limit", "other|2017-01"))
    assert put_off.value.wants == ()


def test_a_slice_that_ran_dry_is_to_be_filled_before_anything_is_drawn() -> None:
    shares = {"campaign|2017-01": Share(100, 9), "other|2017-01": Share(100, 9)}
    with pytest.raises(Postponed) as put_off:
        draw(shares, [wish(9), wish(10, "other")])
    assert put_off.value.wants == (wish(10, "other"),)
    assert [one.wish for one in draw(shares, [wish(9), wish(9, "other")])] == [wish(9), wish(9, "other")]


def test_the_window_says_no_only_when_what_is_left_is_known_and_does_not_reach() -> None:
    with pytest.raises(Postponed):
        draw({"campaign|2017-01": Share(100, 0)}, [wish(1)])
    with pytest.raises(LimitReached) as refused:
        draw({"campaign|2017-01": Share(100, 4, most=4)}, [wish(5)])
    assert refused.value.facts["left"] == 4
    assert len(draw({"campaign|2017-01": Share(100, 4, most=4)}, [wish(4)])) == 1


def test_a_budget_that_a_new_rule_has_changed_is_granted_anew() -> None:
    with pytest.raises(Postponed) as put_off:
        draw({"campaign|2017-01": Share(100, 50)}, [wish(1, total=80)])
    assert put_off.value.wants == (wish(1, total=80),)


@given(st.integers(1, 50), st.lists(st.integers(1, 9), max_size=20))
def test_a_slice_gives_exactly_what_it_has(free: int, amounts: list[int]) -> None:
    share, drawn = Share(100, free, most=free), 0
    for amount in amounts:
        try:
            draw({"campaign|2017-01": share}, [wish(amount)])
        except LimitReached:
            assert drawn + amount > free
            continue
        share, drawn = share.less(amount), drawn + amount
    assert (share.free, share.most) == (free - drawn, free - drawn)
    assert drawn <= free
