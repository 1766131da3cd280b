"""What every measure works on, and how two sides are measured: in turn, five times, alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from infra.bench.complaints import Complaints
from infra.bench.line import middle
from infra.bench.load import Failed, Load, drive, pause_ms
from infra.bench.signing_in import Tokens
from infra.bench.supply import Supply
from infra.embedded.stack import Stack
from infra.embedded.steps import Steps
from infra.replay.door import Signer

HERE = Path(__file__).parent
ROUNDS = 5
SECONDS = 2
CONNECTIONS = 64
HALF_SECONDS = 4
UNAWAITED = 600
"""At most so many requests are under way when a run ends: its connections."""

REDEEM, READ = HERE / "redeem.lua", HERE / "read.lua"


@dataclass(slots=True)
class Room:
    """The stack, who says what goes on, the importer's signer, the crowd's tokens and points, the bare
    neighbour in one process (`bare`) and in as many as points has (`bare_alike`); `answered` counts what
    points has answered, `turn` is the member whose turn it is.
    """

    stack: Stack
    steps: Steps
    signer: Signer
    tokens: Tokens
    supply: Supply
    bare: str
    bare_alike: str
    answered: int = 0
    turn: int = 0
    _runs: Iterator[int] = field(default_factory=count)

    @property
    def points(self) -> str:
        """The address of points, without the gateway."""
        return self.stack.services["points"]

    def bare_post(self, address: str | None = None) -> Load:
        """Let the crowd post to the bare neighbour; without an address to the one process."""
        url = f"{address or self.bare}/bare"
        return drive(url, REDEEM, SECONDS, CONNECTIONS, self.tokens.file(), self.run())

    def bare_post_alike(self) -> Load:
        """Let the crowd post to as many bare processes as points has."""
        return self.bare_post(self.bare_alike)

    def bare_get(self) -> Load:
        """Let the crowd ask the bare neighbour."""
        return drive(f"{self.bare}/bare", READ, SECONDS, CONNECTIONS, self.tokens.file())

    def redeem(
        self,
        units: str = "hotel",
        *,
        address: str | None = None,
        seconds: int = SECONDS,
        connections: int = CONNECTIONS,
        per_s: float = 0.0,
    ) -> Load:
        """Let the crowd redeem, as fast as it goes or about so often; without an address at points itself."""
        self.supply.secure()
        pause = pause_ms(connections, per_s) if per_s else 0
        url = f"{address or self.points}/points/v1/redemptions"
        told = (self.tokens.file(), self.run(), units, str(pause), "pay_fen", str(self.turn))
        return self._spending(url, seconds, connections, told)

    def hold(self, run: str) -> Load:
        """Let the crowd set points aside for orders whose numbers begin with the name of the run."""
        self.supply.secure()
        url = f"{self.points}/points/v1/holds"
        told = (self.tokens.file(), run, "hotel", "0", "amount_fen", str(self.turn))
        return self._spending(url, SECONDS, CONNECTIONS, told)

    def _spending(self, url: str, seconds: int, connections: int, told: Sequence[str]) -> Load:
        """Let the crowd spend, and note what that has used; a run that fails may have used everything."""
        try:
            load = drive(url, REDEEM, seconds, connections, *told)
        except Failed:
            self.supply.give_up()
            raise
        # Those whose answers it did not await are skipped, and count as if they had spent: whoever is never
        # skipped would run out before the others.
        turns = load.requests + UNAWAITED
        self.supply.took(turns)
        self.turn += turns
        self.answered += load.requests
        return load

    @property
    def webs(self) -> Sequence[str]:
        """Name the processes of points that answer."""
        return self.stack.webs["points"]

    def complaints(self) -> Complaints:
        """Begin to count what they answer beside success."""
        return Complaints([self.stack.home.log(name) for name in self.webs])

    def read(
        self,
        path: str = "/points/v1/wallet",
        *,
        seconds: int = SECONDS,
        connections: int = CONNECTIONS,
        per_s: float = 0.0,
        first: int = 0,
        address: str | None = None,
    ) -> Load:
        """Let the crowd read their own, from that turn on, as fast as it goes or about so often."""
        pause = pause_ms(connections, per_s) if per_s else 0
        told = (self.tokens.file(), str(pause), str(first))
        load = drive((address or self.points) + path, READ, seconds, connections, *told)
        self.answered += load.requests
        return load

    def run(self) -> str:
        """Give a name that no order of another run begins with."""
        return f"r{next(self._runs)}"


def in_turn(*sides: Callable[[], Load]) -> list[list[Load]]:
    """Measure all sides, one after the other, five times; give the rounds of each."""
    rounds = [[side() for side in sides] for _ in range(ROUNDS)]
    return [list(side) for side in zip(*rounds, strict=True)]


def rates(loads: Sequence[Load]) -> list[float]:
    """Give what each round came to, in requests a second."""
    return [one.per_s for one in loads]


def beside(ours: Sequence[Load], theirs: Sequence[Load]) -> Mapping[str, Any]:
    """Give the figures of two sides."""
    return {
        "per_s": middle(rates(ours)),
        "p99_ms": middle([one.p99_ms for one in ours]),
        "neighbour_per_s": middle(rates(theirs)),
        "neighbour_p99_ms": middle([one.p99_ms for one in theirs]),
        "connections": CONNECTIONS,
    }
