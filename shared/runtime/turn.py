"""One turn of a relay: how much of what is pending it takes, and what of it counts as published.

Refuses to believe a flush: each event's own future says whether the broker has it.
"""

from collections.abc import Sequence
from typing import Any

from kafka.errors import KafkaError

from shared.runtime.outbox import OutboxRow

# Rows of one turn must fit into one request even if all have the same partition.
TURN_BYTES_MAX = 900_000
ROW_OVERHEAD_BYTES = 600


def within(rows: Sequence[OutboxRow]) -> Sequence[OutboxRow]:
    """Take as many rows, at least one, as fit into one request."""
    total = 0
    for place, row in enumerate(rows):
        total += len(row.data) * (1 if row.data.isascii() else 4) + ROW_OVERHEAD_BYTES
        if total > TURN_BYTES_MAX and place:
            return rows[:place]
    return rows


def acknowledged(sent: Sequence[tuple[OutboxRow, Any]]) -> tuple[list[int], Exception | None]:
    """Keep only rows whose future succeeded, and of a key nothing after its first failure."""
    published: list[int] = []
    stopped: set[str] = set()
    failed: Exception | None = None
    for row, future in sent:
        if row.key in stopped:
            continue
        if future.succeeded():
            published.append(row.id)
        else:
            stopped.add(row.key)
            failed = future.exception or KafkaError("no answer in time")
    return published, failed
