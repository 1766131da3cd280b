"""Rows of the outbox and of its archive: an event as a relay reads it, pending, or to leave once more.

Refuses to read them: a relay does, and a replay.
"""

from typing import NamedTuple


class OutboxRow(NamedTuple):
    """An event of outbox or archive, as `COLUMNS` selects it.

    `event_id` is the shown one, `occurred_at` is RFC 3339 in UTC, `age_s` counts from when it was recorded.
    """

    id: int
    event_id: str
    type: str
    key: str
    seq: int
    occurred_at: str
    traceparent: str | None
    data: str
    age_s: float


COLUMNS = """
    id, 'evt_' || replace(event_id::text, '-', ''), type, key, seq,
    to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), traceparent, data,
    extract(epoch FROM clock_timestamp() - recorded_at)::float8
"""
