"""The measures: each hot path beside its neighbour, in turn, five times; the median is what counts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from subprocess import Popen
from sys import executable

import httpx2
import orjson

from infra.bench.hearing import Ear
from infra.bench.line import Line, middle
from infra.bench.load import Load, drive
from infra.embedded.settings import CHECKOUT
from infra.embedded.stack import Stack
from infra.replay.door import Door, Signer
from shared.kernel.calendar import SHANGHAI
from shared.runtime.clock import now

HERE = Path(__file__).parent
ROUNDS = 5
SECONDS = 2
CONNECTIONS = 64
BATCHES, ITEMS = 6, 1_000
CALM_BATCHES, CALM_ITEMS, CALM_PAUSE_S = 50, 50, 0.1


@dataclass(frozen=True, slots=True)
class Bench:
    """What the measures run on: the stack, the importer's signer, the tokens of the crowd, the bare
    neighbour.
    """

    stack: Stack
    signer: Signer
    tokens: Path
    bare: str

    def redemptions(self) -> Iterator[Line]:
        """Measure redemptions over HTTP beside a bare POST, and what the gateway adds."""
        ours: list[Load] = []
        neighbour: list[Load] = []
        behind: list[Load] = []
        direct = f"{self.stack.services['points']}/points/v1/redemptions"
        gateway = f"{self.stack.address}/points/v1/redemptions"
        script, tokens = HERE / "redeem.lua", str(self.tokens)
        for turn in range(ROUNDS):
            neighbour.append(drive(f"{self.bare}/bare", script, SECONDS, CONNECTIONS, tokens, f"n{turn}"))
            ours.append(drive(direct, script, SECONDS, CONNECTIONS, tokens, f"d{turn}"))
            behind.append(drive(gateway, script, SECONDS, CONNECTIONS, tokens, f"g{turn}"))
        what = "redemption of three lots of three units, beside a bare FastAPI POST"
        yield _beside("redemption", what, ours, neighbour)
        yield _beside("gateway", "redemption through the gateway, beside the same without", behind, ours)

    def wallets(self) -> Iterator[Line]:
        """Measure the read of a wallet beside a bare GET."""
        ours: list[Load] = []
        neighbour: list[Load] = []
        url = f"{self.stack.services['points']}/points/v1/wallet"
        for _ in range(ROUNDS):
            neighbour.append(drive(f"{self.bare}/bare", None, SECONDS, CONNECTIONS))
            ours.append(drive(url, HERE / "wallet.lua", SECONDS, CONNECTIONS, str(self.tokens)))
        yield _beside("wallet", "read of a wallet, beside a bare FastAPI GET", ours, neighbour)

    def batches(self) -> Iterator[Line]:
        """Measure the batch door's items a second beside bare POSTs a second."""
        ours: list[float] = []
        neighbour: list[float] = []
        with Door(self.stack.services["points"], self.signer) as door:
            for turn in range(ROUNDS):
                told = (str(self.tokens), f"b{turn}")
                bare = drive(f"{self.bare}/bare", HERE / "redeem.lua", SECONDS, CONNECTIONS, *told)
                neighbour.append(bare.per_s)
                bodies = [_receipts(f"b{turn}-{place}", ITEMS) for place in range(BATCHES)]
                began = time.monotonic()
                for place, body in enumerate(bodies):
                    door.post("/points/v1/batches", body, f"bench:b{turn}:{place}")
                ours.append(BATCHES * ITEMS / (time.monotonic() - began))
        figures = {"items_per_s": middle(ours), "bare_per_s": middle(neighbour)}
        ratio = middle(ours) / middle(neighbour)
        yield Line("batch", "receipts through the batch door, beside bare FastAPI POSTs", ratio, figures)

    def hearing(self) -> Iterator[Line]:
        """Measure how long after its commit a listener has an event, at about 500 events a second."""
        with Ear(self.stack) as ear, Door(self.stack.services["points"], self.signer) as door:
            began = time.monotonic()
            for place in range(CALM_BATCHES):
                door.post("/points/v1/batches", _receipts(f"c-{place}", CALM_ITEMS), f"bench:c:{place}")
                time.sleep(max(0.0, began + (place + 1) * CALM_PAUSE_S - time.monotonic()))
            rate = CALM_BATCHES * CALM_ITEMS / (time.monotonic() - began)
            delays = ear.delays_ms(CALM_BATCHES * CALM_ITEMS)
        ordered = sorted(delays)
        p50, p99 = ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]
        figures = {
            "p50_ms": round(p50, 1),
            "p99_ms": round(p99, 1),
            "events": len(ordered),
            "events_per_s": round(rate, 1),
        }
        yield Line("hearing", "from the outbox row to a listener on Kafka", None, figures)


def _beside(name: str, what: str, ours: list[Load], neighbour: list[Load]) -> Line:
    figures = {
        "per_s": middle([one.per_s for one in ours]),
        "p99_ms": middle([one.p99_ms for one in ours]),
        "neighbour_per_s": middle([one.per_s for one in neighbour]),
        "neighbour_p99_ms": middle([one.p99_ms for one in neighbour]),
        "connections": CONNECTIONS,
        "rounds": len(ours),
    }
    return Line(name, what, figures["per_s"] / figures["neighbour_per_s"], figures)


def _receipts(run: str, count: int) -> bytes:
    at = (now() - timedelta(minutes=1)).astimezone(SHANGHAI).isoformat()
    items = [
        {
            "key": f"{run}-{place}",
            "kind": "receipt",
            "unit": "office",
            "store": "bench",
            "number": str(place),
            "receipt_no": f"{run}-{place}",
            "purchased_at": at,
            "amount_fen": 20_000,
            "at": at,
        }
        for place in range(count)
    ]
    return orjson.dumps({"items": items})


@contextmanager
def neighbour(port: int) -> Iterator[str]:
    """Run the bare process and give its address."""
    address = f"http://127.0.0.1:{port}"
    process = Popen([executable, "-m", "infra.bench.bare", str(port)], cwd=CHECKOUT)
    try:
        give_up_at = time.monotonic() + 20.0
        while True:
            try:
                httpx2.get(f"{address}/bare", trust_env=False)
                break
            except httpx2.TransportError:
                if time.monotonic() > give_up_at:
                    raise
                time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait()
