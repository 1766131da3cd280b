"""The benchmark from beginning to end: a stack of its own, the crowd, the measures, one after the other."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psycopg2

from infra.bench.batch import batches
from infra.bench.bending import bending
from infra.bench.crowd import Crowd, gather
from infra.bench.hearing import hearing
from infra.bench.holds import holds
from infra.bench.line import Line
from infra.bench.load import Failed, check_generator
from infra.bench.loaded import loaded
from infra.bench.memory import memory
from infra.bench.month import month
from infra.bench.neighbour import neighbour
from infra.bench.pool import pool
from infra.bench.redemption import hot_unit, redemptions
from infra.bench.room import Room
from infra.bench.signing_in import Tokens
from infra.bench.sound import sound
from infra.bench.supply import Supply
from infra.bench.wallet import wallets
from infra.embedded.obstacle import Obstacle
from infra.embedded.ports import free_port
from infra.embedded.stack import PROFILES, Stack
from infra.embedded.steps import Steps
from infra.replay.door import ReplayStopped

Measure = Callable[[Room], Iterator[Line]]

CROWD = Crowd(members=4_000, redemptions=10)
MEASURES: Mapping[str, Measure] = {
    "month": month,
    "redemptions": redemptions,
    "hot-unit": hot_unit,
    "holds": holds,
    "wallets": wallets,
    "batches": batches,
    "hearing": hearing,
    "memory": memory,
    "bending": bending,
    "pool": pool,
}
"""In this order: the gate of a seal audits all that is not sealed, so the month comes before the orders."""

_BY_HAND = {
    # Thousands sign in from one address within a minute, which the doors of strangers would not have.
    "MEMBER_STRANGER_REQUESTS_PER_MINUTE": "100000",
    "MEMBER_CODES_PER_ADDRESS_HOUR": "100000",
    # The auditor reads all books once a minute; here it is asked at the end.
    "POINTS_AUDITOR_EVERY_S": "86400",
}


def bench(
    steps: Steps, jars: Path | None = None, *, only: tuple[str, ...] = (), full: bool = False
) -> Iterator[Line]:
    """Measure everything in a fresh stack that is removed afterwards, line by line.

    :param only: names of measures; all if none is given.
    :param full: measure on full books as well, which takes long.
    :raises NoGenerator: if wrk is not on this machine.
    """
    check_generator()
    for name, text in _BY_HAND.items():
        os.environ.setdefault(name, text)
    chosen: list[Measure] = [measure for name, measure in MEASURES.items() if not only or name in only]
    with tempfile.TemporaryDirectory(prefix="tongfen-bench-") as folder:
        home = Path(folder)
        home.chmod(0o711)
        with (
            Stack(home, PROFILES["bench"], steps=steps, jars=jars) as stack,
            neighbour(free_port()) as bare,
            neighbour(free_port(), len(stack.webs["points"])) as alike,
        ):
            with steps.step("The crowd has come", f"{CROWD.members} members"):
                signer = gather(stack, CROWD)
            tokens = Tokens(stack, CROWD, home / "tokens")
            room = Room(stack, steps, signer, tokens, Supply(stack, CROWD), bare, alike)
            for measure in (*chosen, *((loaded,) if full else ()), sound):
                yield from _measured(room, measure)


def _measured(room: Room, measure: Measure) -> Iterator[Line]:
    """Measure, or say what stood in the way: one measure that fails costs no other."""
    complaints = room.complaints()
    try:
        yield from measure(room)
    except (Failed, ReplayStopped, Obstacle, TimeoutError, psycopg2.Error) as fault:
        name = measure.__name__.replace("_", "-")
        yield Line(name, "not measured", None, complaints.beside(fault))
