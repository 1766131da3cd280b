"""What tests of the member service may ask for by name: a running process, an importer, a till."""

from collections.abc import Iterator

import pytest

from tests import stack
from tests.service.member.running import Running, System, running


@pytest.fixture(scope="module")
def member(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Lend a member process of this module's own."""
    with (
        stack.database_per_module("member") as database,
        running(database, tmp_path_factory.mktemp("member")) as process,
    ):
        yield process


@pytest.fixture(scope="module")
def importer(member: Running) -> System:
    """Lend a registered importer."""
    return member.system("importer", "importer")


@pytest.fixture(scope="module")
def till(member: Running) -> System:
    """Lend the registered system of the hotel."""
    return member.system("till-hotel", "unit-system", "hotel")
