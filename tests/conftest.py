"""What every test may ask for by name: the run's PostgreSQL and Kafka."""

from __future__ import annotations

import os

import hypothesis
import pytest

from tests import stack
from tests.plain_logs import plain_logs

# The same examples every time, so that a red run is red again; `HYPOTHESIS=searching` looks for new ones.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None, database=None)
hypothesis.settings.register_profile("searching", deadline=None, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS", "steady"))


@pytest.fixture(scope="session", autouse=True)
def _plain_logs() -> None:
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
