"""Receipts through the batch door, beside bare POSTs and beside COPY of the rows they leave."""

from __future__ import annotations

import io
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import timedelta

import orjson
import psycopg2
from psycopg2.extensions import connection as Connection

from infra.bench.crowd import books
from infra.bench.line import Line, middle, ratio
from infra.bench.room import ROUNDS, Room, rates
from infra.replay.door import Door
from shared.kernel.calendar import SHANGHAI, month_of
from shared.runtime.clock import now

BATCHES, ITEMS = 8, 1_000
SENDERS = 4
"""How many importers send at once, each awaiting one answer before the next batch."""

_KEPT = "SELECT id FROM receipts WHERE store = %(run)s"
_POSTED = f"SELECT id FROM journals WHERE subject IN ({_KEPT})"
# What one receipt leaves behind, by table: which of its rows belong to the run.
_LEFT = {
    "receipts": "receipts WHERE store = %(run)s",
    "lots": f"lots WHERE id IN (SELECT lot_id FROM transfers WHERE journal_id IN ({_POSTED}))",
    "journals_{month}": f"journals WHERE subject IN ({_KEPT})",
    "transfers_{month}": f"transfers WHERE journal_id IN ({_POSTED})",
    "inbox": "inbox WHERE name LIKE 'importer ' || %(run)s || '-%%'",
    "outbox": """outbox_archive WHERE data ILIKE '%%"' || %(run)s || '-%%'""",
}
_OUTBOX = "id, event_id, type, key, seq, occurred_at, data, traceparent, recorded_at"


def batches(room: Room) -> Iterator[Line]:
    """Measure items a second beside bare POSTs a second, then beside COPY."""
    ours: list[float] = []
    theirs: list[float] = []
    for turn in range(ROUNDS):
        theirs += rates([room.bare_post()])
        ours.append(_sent(room, turn))
        room.answered += BATCHES
    figures = {"items_per_s": middle(ours), "bare_per_s": middle(theirs), "senders": SENDERS}
    what = "receipts through the batch door, beside bare FastAPI POSTs"
    yield Line("batch", what, ratio(ours, theirs), figures, least=1.2)
    with closing(psycopg2.connect(books(room.stack))) as connection:
        copied = [_copied(connection, f"b{turn}") for turn in range(ROUNDS)]
    figures = {"items_per_s": middle(ours), "copied_per_s": middle(copied)}
    what = "receipts through the batch door, beside COPY of the rows they leave into the same tables"
    yield Line("copy", what, ratio(ours, copied), figures, least=0.3)


def _sent(room: Room, turn: int) -> float:
    """Send a round of batches and give items a second; which process has which sender is luck, drawn anew."""
    bodies = [receipts(f"b{turn}", place * ITEMS, ITEMS) for place in range(BATCHES)]
    with ExitStack() as opened, ThreadPoolExecutor(SENDERS) as senders:
        doors = [opened.enter_context(Door(room.points, room.signer)) for _ in range(SENDERS)]
        began = time.monotonic()
        sending = [
            senders.submit(_send, door, turn, bodies, range(place, BATCHES, SENDERS))
            for place, door in enumerate(doors)
        ]
        for one in sending:
            one.result()
        return BATCHES * ITEMS / (time.monotonic() - began)


def _send(door: Door, turn: int, bodies: Sequence[bytes], places: Iterable[int]) -> None:
    """Send some of the batches, one after the other."""
    for place in places:
        door.post("/points/v1/batches", bodies[place], f"bench:b{turn}:{place}")


def receipts(run: str, first: int, count: int) -> bytes:
    """Write the body of a batch of receipts, each of another member."""
    at = (now() - timedelta(minutes=1)).astimezone(SHANGHAI).isoformat()
    items = [
        {
            "key": f"{run}-{place}",
            "kind": "receipt",
            "unit": "office",
            "store": run,
            "number": str(place % 1_000),
            "receipt_no": f"{run}-{place}",
            "purchased_at": at,
            "amount_fen": 20_000,
            "at": at,
        }
        for place in range(first, first + count)
    ]
    return orjson.dumps({"items": items})


def _copied(connection: Connection, run: str) -> float:
    """Copy what a run of receipts left into empty tables of the same make; give items a second."""
    month = month_of(now() - timedelta(minutes=1)).strftime("%Y_%m")
    told: list[tuple[str, io.BytesIO]] = []
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA copied")
        for name, rows in _LEFT.items():
            table, columns = name.format(month=month), _OUTBOX if name == "outbox" else "*"
            cursor.execute(f"CREATE TABLE copied.{table} (LIKE {table} INCLUDING ALL)")
            text = io.BytesIO()
            chosen = cursor.mogrify(f"SELECT {columns} FROM {rows}", {"run": run}).decode()
            cursor.copy_expert(f"COPY ({chosen}) TO STDOUT", text)
            text.seek(0)
            told.append((table, text))
        began = time.monotonic()
        for table, text in told:
            columns = f" ({_OUTBOX})" if table == "outbox" else ""
            cursor.copy_expert(f"COPY copied.{table}{columns} FROM STDIN", text)
            assert cursor.rowcount == BATCHES * ITEMS, f"{cursor.rowcount} rows of {table}"
        elapsed = time.monotonic() - began
    connection.rollback()
    return BATCHES * ITEMS / elapsed
