"""What every test may ask for by name: the run's PostgreSQL and Kafka."""

from __future__ import annotations

import os

import hypothesis
import pytest
import structlog

from tests import stack

# The same examples every time, so that a red run is red again; `HYPOTHESIS=searching` looks for new ones.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None, database=None)
hypothesis.settings.register_profile("searching", deadline=None, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS", "steady"))


@pytest.fixture(scope="session", autouse=True)
def _plain_logs() -> None:
    # The default paints every local of a traceback: a desk of tests would stand still for seconds.
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(),
        ]
    )


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
