"""A stretch of work: it goes on until one of its kind lasts too long, and again once that is over."""

import pytest

from shared.runtime.stretch import Stretch


def test_nothing_under_way_goes_on_and_what_lasts_too_long_does_not() -> None:
    short, long = Stretch(0.0), Stretch(60.0)
    assert (short.goes_on(), long.goes_on()) == (True, True)
    with short, long:
        assert (short.goes_on(), long.goes_on()) == (False, True)
    assert (short.goes_on(), long.goes_on()) == (True, True)


def test_work_that_fails_is_over_as_well() -> None:
    work = Stretch(0.0)
    with pytest.raises(LookupError), work:
        raise LookupError
    assert work.goes_on()
