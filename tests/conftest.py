"""What every test may ask for by name: the run's PostgreSQL and Kafka."""

from __future__ import annotations

import pytest

from tests import stack


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
