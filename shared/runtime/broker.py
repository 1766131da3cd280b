"""The two clients of the broker, with every promise and time-out said explicitly.

Refuses to guess the broker's version (a guess fails when the broker is away) and to let the client speak for
us: what a person must know about a broker that is away is one line of our own.
"""

import logging
from functools import lru_cache
from typing import Any

from kafka import KafkaConsumer, KafkaProducer
from kafka.cluster import ClusterMetadata
from kafka.partitioner import Partitioner, murmur2

API_VERSION = (4, 3)
REQUEST_BYTES_MAX = 1_048_576
LINGER_MS = 1_000
REQUEST_TIMEOUT_MS = 4_000
DELIVERY_TIMEOUT_MS = 6_000
METADATA_TIMEOUT_MS = 3_000
# The least that a broker allows by itself: so long nobody hears the partitions of a process that was killed.
SESSION_TIMEOUT_MS = 6_000
HEARTBEAT_MS = 1_500
KEYS_REMEMBERED = 65_536


class ByKey(Partitioner):  # type: ignore[misc]
    """Finds the partition of a key where the client itself would; members come again, so it remembers.

    The client hashes in Python each time, which was an eighth of what the relay's process did.
    """

    def partition(
        self,
        topic: str,
        key: object,  # noqa: ARG002 - as the client calls every partitioner
        serialized_key: bytes,
        value: object,  # noqa: ARG002
        serialized_value: bytes | None,  # noqa: ARG002
        cluster: ClusterMetadata,
    ) -> int:
        """Give the partition; events all have a key.

        :raises ValueError: if the broker has told of no such topic.
        """
        partitions = cluster.partitions_for_topic(topic)
        if not partitions:
            raise ValueError(f"no partition of {topic} is known")
        return int(sorted(partitions)[_hash(serialized_key) % len(partitions)])


@lru_cache(KEYS_REMEMBERED)
def _hash(key: bytes) -> int:
    return int(murmur2(key)) & 0x7FFFFFFF


def producer(bootstrap: str, client_id: str) -> KafkaProducer:
    """Open a producer whose success is each future's, written once by all replicas in sync.

    It lingers until it is flushed: what is sent between two flushes is one batch per partition, written whole
    or not at all, so an event never overtakes an earlier one of its key that failed.
    """
    _quieten()
    return KafkaProducer(
        bootstrap_servers=bootstrap,
        client_id=client_id,
        api_version=API_VERSION,
        enable_idempotence=True,
        acks="all",
        partitioner=ByKey(),
        linger_ms=LINGER_MS,
        batch_size=REQUEST_BYTES_MAX,
        max_request_size=REQUEST_BYTES_MAX,
        max_block_ms=METADATA_TIMEOUT_MS,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        delivery_timeout_ms=DELIVERY_TIMEOUT_MS,
        reconnect_backoff_max_ms=1_000,
        allow_auto_create_topics=False,
        metrics_enabled=False,
    )


def consumer(bootstrap: str, group: str, **settings: Any) -> KafkaConsumer:
    """Open a consumer that begins at the earliest event and commits only what it is told to."""
    _quieten()
    told: dict[str, Any] = {
        "session_timeout_ms": SESSION_TIMEOUT_MS,
        "heartbeat_interval_ms": HEARTBEAT_MS,
        **settings,
    }
    return KafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=group,
        client_id=group,
        api_version=API_VERSION,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        reconnect_backoff_max_ms=1_000,
        allow_auto_create_topics=False,
        # A topic that is made after us is found within this time.
        metadata_max_age_ms=15_000,
        metrics_enabled=False,
        **told,
    )


def _quieten() -> None:
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
