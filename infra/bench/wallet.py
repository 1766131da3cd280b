"""Reads of a wallet that is as it was, at full and at half load, and of one that has changed."""

from __future__ import annotations

from collections.abc import Iterator

from infra.bench.line import Line, middle, ratio
from infra.bench.load import Load
from infra.bench.room import HALF_SECONDS, Room, beside, in_turn, rates

REDEEMING_SECONDS, READING_SECONDS = 4, 1
"""As many members redeem as a fast machine reads wallets of meanwhile, with something to spare."""


def wallets(room: Room) -> Iterator[Line]:
    """Measure beside a bare GET, and how long a read takes at half load."""
    room.read()
    bare, ours = in_turn(room.bare_get, room.read)
    what = "read of a wallet that is as it was when it was read before, beside a bare FastAPI GET"
    yield Line("wallet", what, ratio(rates(ours), rates(bare)), beside(ours, bare), least=0.6)
    half = room.read(seconds=HALF_SECONDS, per_s=middle(rates(ours)) / 2)
    figures = {"per_s": round(half.per_s, 1), "full_per_s": middle(rates(ours))}
    what = "99 of 100 reads are answered within, at about half that load"
    yield Line("wallet-p99", what, half.p99_ms, figures, unit="ms", most=50)
    yield _changed(room)


def _changed(room: Room) -> Line:
    """Measure reads of those alone who have just redeemed, each once."""
    surplus = 0

    def read() -> Load:
        nonlocal surplus
        first = room.turn
        redeemed = room.redeem(seconds=REDEEMING_SECONDS)
        load = room.read(seconds=READING_SECONDS, first=first)
        surplus += max(0, load.requests - min(redeemed.requests, room.tokens.members))
        return load

    bare, ours = in_turn(room.bare_get, read)
    # Whoever was read a second time, or had not redeemed, is no changed wallet.
    figures = {**beside(ours, bare), "unchanged": surplus}
    what = "read of a wallet that has changed since it was read before, beside a bare FastAPI GET"
    return Line("wallet-changed", what, ratio(rates(ours), rates(bare)), figures)
