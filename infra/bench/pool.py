"""A process with a pool of two connections for readers, and two hundred who read at once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, Popen
from sys import executable

import httpx2

from infra.bench.line import Line, percentile
from infra.bench.room import Room
from infra.embedded.child import plain_environment
from infra.embedded.ports import free_port
from infra.embedded.settings import CHECKOUT

READERS, POOL, READS = 200, 2, 3
LATE_S, UP_S = 3.0, 30.0
TOLD = frozenset({200, 503})
"""What a reader may be answered: the page, or to come again."""


def pool(room: Room) -> Iterator[Line]:
    """Measure how many readers are left without an answer, and whether a read is answered afterwards."""
    tokens = Path(room.tokens.file()).read_text(encoding="ascii").split()
    # One client for all: two hundred of them take longer to make than the reads.
    crowd = httpx2.Limits(max_connections=READERS)
    with (
        _narrow(room) as address,
        httpx2.Client(base_url=address, timeout=30.0, trust_env=False, limits=crowd) as client,
        ThreadPoolExecutor(READERS) as readers,
    ):
        asked = readers.map(lambda place: _read(client, tokens[place % len(tokens)]), range(READERS))
        told = [one for reader in asked for one in reader]
        afterwards = _read(client, tokens[0])[0]
    statuses = Counter(status for status, _ in told)
    waits = [seconds * 1000 for _, seconds in told]
    bad = sum(status not in TOLD or seconds > LATE_S for status, seconds in told)
    figures = {
        **{f"answered_{status}": count for status, count in sorted(statuses.items())},
        "p99_ms": percentile(waits, 0.99),
        "afterwards": afterwards[0],
    }
    what = "of 200 readers at once on a pool of 2: neither answered nor told to come again within 3 s"
    yield Line("bend-pool", what, float(bad + (afterwards[0] != 200)), figures, unit="failures", most=0)


def _read(client: httpx2.Client, token: str) -> list[tuple[int, float]]:
    """Read one's movements a few times; give each status (0: no answer) and how long it took in seconds."""
    told: list[tuple[int, float]] = []
    for _ in range(READS):
        began = time.monotonic()
        try:
            answer = client.get("/points/v1/journals", headers={"Authorization": f"Bearer {token}"})
            status = answer.status_code
        except httpx2.TransportError:
            status = 0
        told.append((status, time.monotonic() - began))
    return told


@contextmanager
def _narrow(room: Room) -> Iterator[str]:
    """Run the doors of points once more, with that pool, and give their address."""
    port = free_port()
    narrow = {"POINTS_READER_POOL": str(POOL), "POINTS_HTTP_PORT": str(port)}
    environment = {**plain_environment(), "TZ": "UTC", **room.stack.environment("points"), **narrow}
    command = [executable, "-m", "services.points", "--role", "web"]
    process = Popen(command, cwd=CHECKOUT, env=environment, stdout=DEVNULL, stderr=DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        give_up_at = time.monotonic() + UP_S
        while not _ready(address):
            if time.monotonic() > give_up_at:
                raise TimeoutError("points with a pool of two does not come up")
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait()


def _ready(address: str) -> bool:
    try:
        return httpx2.get(f"{address}/readyz", trust_env=False, timeout=2.0).is_success
    except httpx2.TransportError:
        return False
