"""What every test may ask for by name: the run's PostgreSQL and Kafka."""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from shared.web.serving import YOUNG_MAX
from tests import stack
from tests.plain_logs import plain_logs

# The same examples every time, so that a red run is red again; `HYPOTHESIS=searching` looks for new ones.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None, database=None)
hypothesis.settings.register_profile("searching", deadline=None, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS", "steady"))


_HERE = Path(__file__).parent
_LONG_FIRST = ("faults", "chaos", "replay", "journeys", "contracts", "service")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let rooms of long files come first: one that begins last leaves the other worker with nothing to do.

    :raises pytest.UsageError: if two tests have one id: workers would run one of them, and nobody would know.
    """
    shared = [id_ for id_, times in Counter(item.nodeid for item in items).items() if times > 1]
    if shared:
        raise pytest.UsageError(f"several tests have one id, and workers would run one of them: {shared[:5]}")

    def place(item: pytest.Item) -> int:
        room = item.path.relative_to(_HERE).parts[0]
        return _LONG_FIRST.index(room) if room in _LONG_FIRST else len(_LONG_FIRST)

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """Let the collector of cycles leave alone what stays: with every test loaded, a walk takes a second."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_MAX, 20, 20)


def pytest_sessionfinish() -> None:
    """Give back what the collector left alone, or bindings to C complain at the end that it leaks."""
    gc.unfreeze()


@pytest.fixture(scope="session", autouse=True)
def _plain_logs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    if request.config.getoption("capture") != "no":
        plain_logs()
        yield
        return
    # Who asked to see what tests print wants what they counted, not a hundred thousand lines beside it.
    path = tmp_path_factory.mktemp("logs") / "lines"
    print(f"\nLog lines go to {path}.")
    with path.open("w") as lines:
        plain_logs(lines)
        yield
        plain_logs()


@pytest.fixture(scope="session")
def postgres() -> stack.TestPostgres:
    """Reach the PostgreSQL of this test run."""
    return stack.postgres()


@pytest.fixture(scope="session")
def kafka() -> str:
    """Reach the Kafka of this test run, as host:port."""
    return stack.kafka()


@pytest.fixture(scope="module")
def topic_prefix() -> str:
    """Make a prefix of topics and groups for one module."""
    return stack.topic_prefix()
