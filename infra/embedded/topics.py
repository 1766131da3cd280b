"""The topics on the broker: makes those that are missing. Never changes or removes one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

_TIMEOUT_MS = 20_000


def broker_answers(bootstrap: str) -> bool:
    """Tell whether the broker answers a client now."""
    try:
        with _client(bootstrap, 2_000) as client:
            client.list_topics()
    except (KafkaError, OSError):
        return False
    return True


def add_missing(bootstrap: str, names: Sequence[str], partitions: int) -> None:
    """Make the named topics, those that stand already excepted."""
    with _client(bootstrap, _TIMEOUT_MS) as client:
        standing = set(client.list_topics())
        shape = {"num_partitions": partitions, "replication_factor": 1}
        for name in sorted(set(names) - standing):
            # Another process may have been faster.
            with contextlib.suppress(TopicAlreadyExistsError):
                client.create_topics({name: shape}, timeout_ms=_TIMEOUT_MS, wait_for_metadata=True)


@contextlib.contextmanager
def _client(bootstrap: str, timeout_ms: int) -> Iterator[KafkaAdminClient]:
    client = KafkaAdminClient(
        bootstrap_servers=bootstrap, request_timeout_ms=timeout_ms, client_id="tongfen-stack"
    )
    try:
        yield client
    finally:
        client.close()
