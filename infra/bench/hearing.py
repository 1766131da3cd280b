"""A listener of the benchmark's own: when each event arrived, beside when its row was written."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import psycopg2
from kafka import KafkaConsumer

from infra.bench.batch import receipts
from infra.bench.line import Line, percentile
from infra.bench.room import Room
from infra.embedded.stack import Stack
from infra.replay.door import Door
from shared.kernel.ids import read
from shared.runtime.topics import topic_of

PATIENCE_S = 30.0
BATCHES, ITEMS, PAUSE_S = 50, 50, 0.1
"""500 events a second for five seconds, as fifty units would send theirs."""


def hearing(room: Room) -> Iterator[Line]:
    """Measure how long after its commit a listener has an event, at about 500 events a second."""
    with Ear(room.stack) as ear, Door(room.points, room.signer) as door:
        began = time.monotonic()
        for place in range(BATCHES):
            door.post("/points/v1/batches", receipts("calm", place * ITEMS, ITEMS), f"bench:calm:{place}")
            time.sleep(max(0.0, began + (place + 1) * PAUSE_S - time.monotonic()))
        rate = BATCHES * ITEMS / (time.monotonic() - began)
        delays = ear.delays_ms(BATCHES * ITEMS)
    room.answered += BATCHES
    figures = {
        "p50_ms": percentile(delays, 0.5),
        "events": len(delays),
        "events_per_s": round(rate, 1),
    }
    what = "99 of 100 events are with a listener on Kafka within, after their row was written"
    yield Line("hearing", what, percentile(delays, 0.99), figures, unit="ms", most=250)


class Ear:
    """Hears the topic of points from now on."""

    def __init__(self, stack: Stack) -> None:
        self._url = stack.databases["points"]["auditor"]
        self._arrived: dict[str, float] = {}
        self._consumer = KafkaConsumer(
            topic_of("", "points"),
            bootstrap_servers=stack.bootstrap,
            auto_offset_reset="latest",
            enable_auto_commit=False,
        )
        self._stopping = threading.Event()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._hear, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._listening.wait(PATIENCE_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()
        self._consumer.close()

    def delays_ms(self, count: int) -> list[float]:
        """Give the delays of that many events, in ms.

        :raises TimeoutError: if they do not arrive.
        """
        give_up_at = time.monotonic() + PATIENCE_S
        while len(self._arrived) < count:
            if time.monotonic() > give_up_at:
                raise TimeoutError(f"{len(self._arrived)} of {count} events arrived")
            time.sleep(0.05)
        with psycopg2.connect(self._url) as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT event_id::text, extract(epoch FROM recorded_at)::float FROM outbox_archive"
                " WHERE event_id = ANY (%s::uuid[])",
                (list(self._arrived),),
            )
            return [(self._arrived[event] - written) * 1000 for event, written in cursor.fetchall()]

    def _hear(self) -> None:
        while not self._stopping.is_set():
            polled = self._consumer.poll(timeout_ms=100)
            if self._consumer.assignment():
                self._listening.set()
            present = time.time()
            for records in polled.values():
                for record in records:
                    event = read("evt", dict(record.headers)["ce_id"].decode())
                    if event is not None:
                        self._arrived[event] = present
