"""Holds and their captures, beside redemptions: members set points aside, units take them, each once."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import orjson
import psycopg2

from infra.bench.crowd import books
from infra.bench.line import Line, ratio
from infra.bench.load import Load, drive
from infra.bench.room import CONNECTIONS, HERE, ROUNDS, Room, beside, rates
from shared.kernel.ids import shown

CAPTURE_SECONDS = 1
_OPEN = "SELECT id::text FROM holds WHERE is_open AND lower(order_no) LIKE %s || '-%%'"


def holds(room: Room) -> Iterator[Line]:
    """Measure holds beside redemptions, then captures of those holds beside the same."""
    placed: list[Load] = []
    taken: list[Load] = []
    redeemed: list[Load] = []
    for _ in range(ROUNDS):
        redeemed.append(room.redeem())
        run = room.run()
        placed.append(room.hold(run))
        taken.append(_capture(room, run))
    what = "hold of points of three lots, beside a redemption of as much"
    yield Line("hold", what, ratio(rates(placed), rates(redeemed)), beside(placed, redeemed), least=0.8)
    what = "capture of such a hold by its unit, each request signed, beside a redemption"
    yield Line("capture", what, ratio(rates(taken), rates(redeemed)), beside(taken, redeemed), least=0.8)


def _capture(room: Room, run: str) -> Load:
    """Sign a capture of every hold of a run beforehand, then send as many as go in a second."""
    with tempfile.NamedTemporaryFile("w", encoding="ascii", suffix=".requests") as requests:
        Path(requests.name).chmod(0o600)
        for hold in _held(room, run):
            requests.write(_signed(room, hold))
        requests.flush()
        load = drive(room.points, HERE / "signed.lua", CAPTURE_SECONDS, CONNECTIONS, requests.name)
    room.answered += load.requests
    return load


def _held(room: Room, run: str) -> list[str]:
    with closing(psycopg2.connect(books(room.stack))) as connection, connection.cursor() as cursor:
        cursor.execute(_OPEN, (run,))
        return [id_ for (id_,) in cursor.fetchall()]


def _signed(room: Room, hold: str) -> str:
    path = f"/points/v1/holds/{shown('hld', hold)}/capture"
    body = orjson.dumps({"capture_no": "1", "amount_fen": 300})
    headers = room.signer.headers("POST", room.points + path, body, f"capture:{hold}")
    told = {**headers, "Content-Type": "application/json"}
    pairs = "\t".join(f"{name}\t{value}" for name, value in told.items())
    return f"{path}\t{pairs}\t{body.decode()}\n"
