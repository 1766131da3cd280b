"""What tests of the ledger may ask for by name: a house with the demo group's rules."""

from collections.abc import Iterator

import pytest

from tests import stack
from tests.service.points.ledger_house import LedgerHouse
from tests.service.points.soundness import unsound


@pytest.fixture(scope="module")
def house() -> Iterator[LedgerHouse]:
    """Lend a seeded ledger of this module's own, with January to March 2017 open."""
    with stack.database_per_module("points") as database:
        opened = LedgerHouse(database)
        yield opened
        opened.close()
        # Whatever the module's tests did to its desks, the books they leave are sound.
        assert unsound(database) == {}
