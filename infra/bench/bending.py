"""Beyond its limits it bends and does not break: crowds, clients that hang up, a process that is killed."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import psycopg2

from infra.bench.crowd import books
from infra.bench.line import Line
from infra.bench.load import Failed
from infra.bench.room import CONNECTIONS, Room

CROWDED = 500
LEAVERS, LEAVING_S = 8, 3.0
BUYERS, BUYING_S = 16, 2.0
BACK_S = 60.0
CREATED = 201

_LOCKS_LEFT = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
  AND (state LIKE 'idle in transaction%' AND clock_timestamp() - state_change > interval '1 second'
       OR wait_event_type = 'Lock')
"""


def bending(room: Room) -> Iterator[Line]:
    """Measure what is left undone or unanswered after each."""
    yield _crowd(room)
    yield _leavers(room)
    yield _killed(room)


def _crowd(room: Room) -> Line:
    what = "answers that were no success, of 500 connections that redeem at once"
    complaints = room.complaints()
    try:
        load = room.redeem(seconds=4, connections=CROWDED)
    except Failed as failed:
        # Whoever had no answer at all stands in no log: one failure at least there was.
        failures = float(max(1, complaints.times()))
        return Line("bend-crowd", what, failures, complaints.beside(failed), unit="failures", most=0)
    figures = {"per_s": round(load.per_s, 1), "p99_ms": round(load.p99_ms, 1), "connections": CROWDED}
    return Line("bend-crowd", what, 0.0, figures, unit="failures", most=0)


def _leavers(room: Room) -> Line:
    """Let clients hang up in the middle of their requests, and look what is left of them."""
    room.supply.secure()
    stop = time.monotonic() + LEAVING_S
    with ThreadPoolExecutor(LEAVERS) as pool:
        left = sum(pool.map(lambda place: _leave(room, place, stop), range(LEAVERS)))
    time.sleep(2.0)
    with closing(psycopg2.connect(books(room.stack))) as connection, connection.cursor() as cursor:
        cursor.execute(_LOCKS_LEFT)
        locks = int((cursor.fetchone() or (0,))[0])
    after = room.redeem(connections=CONNECTIONS)
    figures = {"hung_up": left, "per_s_afterwards": round(after.per_s, 1)}
    what = "locks left behind by clients that hung up in mid-request"
    return Line("bend-leavers", what, float(locks), figures, unit="locks", most=0)


def _leave(room: Room, place: int, stop: float) -> int:
    """Ask and hang up: in the body, right after it, or with the answer on its way."""
    address, tokens = urlsplit(room.points), Path(room.tokens.file()).read_text(encoding="ascii").split()
    run, count = room.run(), 0
    while time.monotonic() < stop:
        count += 1
        order = f"{run}-{place}-{count}"
        body = f'{{"unit":"hotel","order_no":"{order}","price_fen":600,"pay_fen":300}}'
        head = (
            f"POST /points/v1/redemptions HTTP/1.1\r\nHost: {address.netloc}\r\n"
            f"Authorization: Bearer {tokens[(place + count * LEAVERS) % len(tokens)]}\r\n"
            f"Idempotency-Key: {order}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection((str(address.hostname), address.port or 80), timeout=5) as line:
            sent = (head + body).encode()
            line.sendall(sent[: len(sent) - 20 if count % 3 == 0 else len(sent)])
            if count % 3 == 1:
                time.sleep(0.002)
    room.supply.took(count)
    return count


def _killed(room: Room) -> Line:
    """Kill all that answer with SIGKILL under load; whatever they acknowledged must be in the books."""
    room.supply.secure()
    acknowledged: list[str] = []
    stopping = threading.Event()
    parts = room.stack.status()["parts"]
    with ThreadPoolExecutor(BUYERS) as pool:
        buying = [pool.submit(_buy, room, place, stopping, acknowledged) for place in range(BUYERS)]
        time.sleep(BUYING_S)
        for name in room.webs:
            os.kill(parts[name]["process_id"], signal.SIGKILL)
        began = time.monotonic()
        _await_back(room)
        away_s = time.monotonic() - began
        stopping.set()
        unanswered = sum(one.result() for one in buying)
    with closing(psycopg2.connect(books(room.stack))) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM redemptions WHERE order_no = ANY (%s)", (acknowledged,))
        kept = int((cursor.fetchone() or (0,))[0])
    figures = {
        "acknowledged": len(acknowledged),
        "without_answer": unanswered,
        "away_s": round(away_s, 1),
    }
    what = "acknowledged redemptions that a kill -9 of points has lost"
    return Line("bend-killed", what, float(len(acknowledged) - kept), figures, unit="lost", most=0)


def _buy(room: Room, place: int, stopping: threading.Event, acknowledged: list[str]) -> int:
    """Redeem one order after the other; give how many had no answer."""
    tokens = Path(room.tokens.file()).read_text(encoding="ascii").split()
    run, count, unanswered = room.run(), 0, 0
    with httpx2.Client(base_url=room.points, timeout=5.0, trust_env=False) as client:
        while not stopping.is_set():
            count += 1
            order = f"{run}-{place}-{count}".upper()
            headers = {
                "Authorization": f"Bearer {tokens[(place + count * BUYERS) % len(tokens)]}",
                "Idempotency-Key": order,
            }
            body = {"unit": "hotel", "order_no": order, "price_fen": 600, "pay_fen": 300}
            try:
                answer = client.post("/points/v1/redemptions", json=body, headers=headers)
            except httpx2.TransportError:
                unanswered += 1
                time.sleep(0.05)
                continue
            if answer.status_code == CREATED:
                acknowledged.append(order)
    room.supply.took(count)
    return unanswered


def _await_back(room: Room) -> None:
    give_up_at = time.monotonic() + BACK_S
    while time.monotonic() < give_up_at:
        with suppress(httpx2.TransportError):
            if httpx2.get(f"{room.points}/readyz", trust_env=False, timeout=2.0).is_success:
                return
        time.sleep(0.1)
    raise TimeoutError("points does not come back after it was killed")
