"""What every journey may ask for by name: the group that this test run shares."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import stack
from tests.journeys.group import Group


@pytest.fixture(scope="session")
def group() -> Iterator[Group]:
    """Reach the run's group, with the months around today open."""
    group = Group(stack.group())
    try:
        group.open_months()
        yield group
    finally:
        group.web.close()
