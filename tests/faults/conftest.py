"""What tests of faults may ask for by name: a seeded ledger with processes of their own on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import stack
from tests.faults.points_process import PointsHouse
from tests.service.points.soundness import unsound


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PointsHouse]:
    """Lend a ledger of this module's own; the books its processes leave must be sound."""
    with stack.database_per_module("points") as database:
        opened = PointsHouse(database, tmp_path_factory.mktemp("faults"))
        yield opened
        opened.ledger.close()
        assert unsound(database) == {}
