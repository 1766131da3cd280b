"""Redemptions over HTTP: three lots of three units, settled, kept and announced, 64 connections."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import partial

import psycopg2

from infra.bench.crowd import books
from infra.bench.line import Line, middle, ratio
from infra.bench.raw_ledger import RawLedger
from infra.bench.room import HALF_SECONDS, Room, beside, in_turn, rates

SPREAD = "hotel,mall-east,mall-west"
"""Units that issued none of the lots: at each of them a redemption is the same work."""


def redemptions(room: Room) -> Iterator[Line]:
    """Measure beside a bare POST, beside raw SQL, through the gateway, at half load, and in bytes."""
    room.redeem()
    with RawLedger(room.stack) as raw:
        through = partial(room.redeem, address=room.stack.address)
        bare, ours, sql, alike, behind = in_turn(
            room.bare_post, room.redeem, raw.drive, room.bare_post_alike, through
        )
    what = "redemption of three lots of three units, beside a bare FastAPI POST"
    yield Line("redemption", what, ratio(rates(ours), rates(bare)), beside(ours, bare), least=0.5)
    what = f"the same beside {len(room.webs)} processes of the bare POST, as many as points has for its doors"
    yield Line("redemption-alike", what, ratio(rates(ours), rates(alike)), beside(ours, alike))
    what = "the same beside a raw-SQL ledger transaction of three transfers (pgbench, 16 clients)"
    yield Line("raw-sql", what, ratio(rates(ours), rates(sql)), beside(ours, sql), least=1.5)
    what = "redemption through the gateway, beside the same without"
    yield Line("gateway", what, ratio(rates(behind), rates(ours)), beside(behind, ours))
    half = room.redeem(seconds=HALF_SECONDS, per_s=middle(rates(ours)) / 2)
    figures = {"per_s": round(half.per_s, 1), "full_per_s": middle(rates(ours))}
    what = "99 of 100 redemptions are answered within, at about half that load"
    yield Line("redemption-p99", what, half.p99_ms, figures, unit="ms", most=100)
    yield _bytes(room)


def hot_unit(room: Room) -> Iterator[Line]:
    """Measure everybody at one unit beside everybody spread over three."""
    spread, hot = in_turn(lambda: room.redeem(SPREAD), lambda: room.redeem("hotel"))
    what = "everybody redeems at one unit, beside the same spread over three"
    yield Line("hot-unit", what, ratio(rates(hot), rates(spread)), beside(hot, spread), least=0.95)


def _bytes(room: Room) -> Line:
    room.supply.secure()
    before = sizes(room)
    load = room.redeem(seconds=HALF_SECONDS)
    database, wal = (after - was for after, was in zip(sizes(room), before, strict=True))
    figures = {"wal_bytes": round(wal / load.requests), "redemptions": load.requests}
    what = "database that a redemption leaves, event and archive included; beside it the write-ahead log"
    return Line("bytes", what, database / load.requests, figures, unit="bytes")


def sizes(room: Room) -> tuple[int, int]:
    """Give the bytes of points' database, and how far the write-ahead log is."""
    with closing(psycopg2.connect(books(room.stack))) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_database_size(current_database())::bigint,"
            " pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint"
        )
        database, wal = cursor.fetchone()
    return database, wal
