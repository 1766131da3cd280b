"""The two clients of the broker, with every promise and time-out said explicitly.

Refuses to guess the broker's version (a guess fails when the broker is away) and to let the client speak for
us: what a person must know about a broker that is away is one line of our own.
"""

import logging
from typing import Any

from kafka import KafkaConsumer, KafkaProducer

API_VERSION = (4, 3)
REQUEST_BYTES_MAX = 1_048_576
LINGER_MS = 1_000
REQUEST_TIMEOUT_MS = 4_000
DELIVERY_TIMEOUT_MS = 6_000
METADATA_TIMEOUT_MS = 3_000
# The least that a broker allows by itself: so long nobody hears the partitions of a process that was killed.
SESSION_TIMEOUT_MS = 6_000
HEARTBEAT_MS = 1_500


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
