"""What tests write onto a topic, true or forged, and how they wait for what comes of it."""

from collections.abc import Callable
from time import monotonic, sleep
from typing import Any

from kafka import KafkaProducer

from contracts.event import constant_headers, own_headers
from shared.runtime import clock

REVOKED = "member.client.revoked"


class Told:
    """Writes events onto a topic."""

    def __init__(self, producer: KafkaProducer, topic: str) -> None:
        self.producer = producer
        self.topic = topic
        self.ids: dict[tuple[str, int], str] = {}

    def tell(self, key: str, seq: int, **more: Any) -> None:
        """Write an event; by default a client's revocation that the counting service counts."""
        event_type, id_ = more.get("type", REVOKED), more.get("id") or clock.mint_id()
        self.ids[key, seq] = id_
        headers = constant_headers(more.get("service", "member"), event_type)
        headers += own_headers(
            f"evt_{id_.replace('-', '')}", key, seq, "2026-11-22T00:00:00Z", more.get("trace")
        )
        body = more.get("body", f'{{"client":"{key}"}}'.encode())
        self.producer.send(self.topic, value=body, key=key.encode(), headers=headers)

    def flush(self) -> None:
        """Let everything arrive."""
        self.producer.flush(timeout=10)


def until(condition: Callable[[], object], timeout_s: float = 20.0) -> None:
    """Wait for a condition."""
    deadline = monotonic() + timeout_s
    while not condition():
        assert monotonic() < deadline, "it does not come about"
        sleep(0.02)
