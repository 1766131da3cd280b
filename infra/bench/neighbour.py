"""Runs the bare neighbour, in one process or several, and ends it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import Popen
from sys import executable

import httpx2

from infra.embedded.settings import CHECKOUT

_PATIENCE_S = 20.0


@contextmanager
def neighbour(port: int, processes: int = 1) -> Iterator[str]:
    """Run so many bare processes that answer at one address, and give it once all do."""
    address = f"http://127.0.0.1:{port}"
    running = [
        Popen([executable, "-m", "infra.bench.bare", str(port)], cwd=CHECKOUT) for _ in range(processes)
    ]
    try:
        give_up_at = time.monotonic() + _PATIENCE_S
        met = set[int]()
        while len(met) < processes:
            try:
                met.add(httpx2.get(f"{address}/process", trust_env=False).json())
            except httpx2.TransportError:
                if time.monotonic() > give_up_at:
                    raise
                time.sleep(0.05)
        yield address
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()
