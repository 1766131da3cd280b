"""What tests of the ledger may ask for by name: a house with the demo group's rules, books to be spoilt."""

from collections.abc import Iterator

import pytest

from tests import stack
from tests.service.points.closing_room import copied
from tests.service.points.ledger_house import LedgerHouse
from tests.service.points.soundness import unsound
from tests.service.points.tampering import closed_books


def _opened() -> Iterator[LedgerHouse]:
    with stack.database_per_module("points") as database:
        opened = LedgerHouse(database)
        yield opened
        opened.close()
        # Whatever tests did to its desks, the books they leave are sound.
        assert unsound(database) == {}


@pytest.fixture(scope="module")
def house() -> Iterator[LedgerHouse]:
    """Lend a seeded ledger of this module's own, with January to March 2017 open."""
    yield from _opened()


@pytest.fixture
def fresh() -> Iterator[LedgerHouse]:
    """Lend one of this test's own: a sealed month cannot be opened again."""
    yield from _opened()


@pytest.fixture(scope="module")
def kept() -> Iterator[stack.Database]:
    """Lend closed books that stay as they are; a module with a story of its own lends its own."""
    with closed_books() as database:
        yield database


@pytest.fixture
def books(kept: stack.Database) -> Iterator[stack.Database]:
    """Lend a copy that a test may spoil."""
    with copied(kept) as copy:
        yield copy
