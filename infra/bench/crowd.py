"""The people of the benchmark: members with a number at three units, brought in through the doors; their lots
are the bulk loader's.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any

import orjson
import psycopg2

from infra.bench.filling import Filling, fill_known
from infra.embedded.stack import Stack
from infra.replay.door import Door, Signer
from infra.seed.seed import furnish
from shared.kernel.calendar import month_of
from shared.runtime.clock import now

UNITS = ("office", "property", "residential")
BULK = 1_000
_LINKED = """
SELECT count(*) FROM wallets w JOIN wallets m ON m.holder_id = w.holder_id AND m.identity LIKE 'mem_%%'
WHERE split_part(w.identity, ':', 1) = ANY (%s)
"""
PATIENCE_S = 60.0
_A_WHILE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many members, each with lots for so many redemptions of 300 fen from three lots."""

    members: int
    redemptions: int


def gather(stack: Stack, crowd: Crowd) -> Signer:
    """Bring the crowd into an empty stack and give the importer's signer."""
    signer = furnish(stack)
    with Door(stack.address, signer) as door:
        _bring(door, crowd)
    _await_links(stack, crowd)
    give_lots(stack, "crowd", crowd.redemptions)
    return signer


def give_lots(stack: Stack, run: str, redemptions: int) -> None:
    """Give every member lots for so many redemptions more."""
    for unit in UNITS:
        fill_known(books(stack), Filling(f"{run}-{unit}", unit, now() - _A_WHILE), redemptions)


def books(stack: Stack) -> str:
    """Name the database of points as the superuser reaches it, who alone may fill it past the doors."""
    return stack.superuser("points")


def _bring(door: Door, crowd: Crowd) -> None:
    door.introduce("/points/v1/months")
    month = month_of(now() - _A_WHILE).strftime("%Y-%m")
    door.post(f"/points/v1/months/{month}/open", b"{}", f"bench:{month}")
    for batch in _chunks(_persons(crowd)):
        key = f"bench:p:{batch[0]['reference']}"
        door.post("/member/v1/persons/bulk", orjson.dumps({"persons": batch}), key)


def _persons(crowd: Crowd) -> Iterator[dict[str, Any]]:
    for member in range(crowd.members):
        numbers = dict.fromkeys(UNITS, str(member))
        yield {"reference": str(member), "numbers": numbers, "phone": phone_of(member)}


def phone_of(member: int) -> str:
    """Give the member's phone: a number of the range that nobody is given."""
    return f"+86138{member:08d}"


def _chunks(items: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while chunk := list(islice(items, BULK)):
        yield chunk


def _await_links(stack: Stack, crowd: Crowd) -> None:
    """Wait until points knows every number of everybody: events of several partitions come in any order."""
    give_up_at = time.monotonic() + PATIENCE_S
    with closing(psycopg2.connect(books(stack))) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        while True:
            cursor.execute(_LINKED, (list(UNITS),))
            if cursor.fetchone() == (crowd.members * len(UNITS),):
                return
            if time.monotonic() > give_up_at:
                raise TimeoutError("points does not hear of the bench's members")
            time.sleep(0.05)
