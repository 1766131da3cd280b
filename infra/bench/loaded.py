"""The same redemption with a million wallets and ten million transfers in the books (`--load`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from infra.bench.crowd import books
from infra.bench.filling import LINES_PER_WALLET, Filling, fill_new, settle_down
from infra.bench.line import Line, middle, ratio
from infra.bench.load import Load
from infra.bench.room import Room, in_turn, rates
from shared.runtime.clock import now

WALLETS = 1_000_000
EVERY = 250_000


def loaded(room: Room) -> Iterator[Line]:
    """Measure on the books as they are, fill them, and measure again, both beside the bare neighbour."""
    before = _beside_bare(room)
    url = books(room.stack)
    with room.steps.step("A million wallets, ten million transfers", "bulk loader"):
        for stands in fill_new(url, Filling("load", "office", now() - timedelta(minutes=5)), WALLETS):
            if stands % EVERY == 0:
                room.steps.say(f"          {stands:,} wallets, {stands * LINES_PER_WALLET:,} transfers")
        settle_down(url)
    room.redeem()
    after = _beside_bare(room)
    value = (ratio(*map(rates, after))) / (ratio(*map(rates, before)))
    figures = {
        "per_s": middle(rates(after[0])),
        "p99_ms": middle([one.p99_ms for one in after[0]]),
        "empty_per_s": middle(rates(before[0])),
        "empty_p99_ms": middle([one.p99_ms for one in before[0]]),
        "wallets": WALLETS,
        "transfers": WALLETS * LINES_PER_WALLET,
    }
    yield Line("loaded", "redemption on full books, beside the same on empty ones", value, figures, least=0.9)


def _beside_bare(room: Room) -> Sequence[list[Load]]:
    return in_turn(room.redeem, room.bare_post)
