"""Reads of a wallet, at full and at half load."""

from __future__ import annotations

from collections.abc import Iterator

from infra.bench.line import Line, middle, ratio
from infra.bench.room import HALF_SECONDS, Room, beside, in_turn, rates


def wallets(room: Room) -> Iterator[Line]:
    """Measure beside a bare GET, and how long a read takes at half load."""
    room.read()
    bare, ours = in_turn(room.bare_get, room.read)
    what = "read of a wallet, beside a bare FastAPI GET"
    yield Line("wallet", what, ratio(rates(ours), rates(bare)), beside(ours, bare), least=0.6)
    half = room.read(seconds=HALF_SECONDS, per_s=middle(rates(ours)) / 2)
    figures = {"per_s": round(half.per_s, 1), "full_per_s": middle(rates(ours))}
    what = "99 of 100 reads are answered within, at about half that load"
    yield Line("wallet-p99", what, half.p99_ms, figures, unit="ms", most=50)
