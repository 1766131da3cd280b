"""Runs the bare neighbour as a process of its own, and ends it."""

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
def neighbour(port: int) -> Iterator[str]:
    """Run the bare process and give its address."""
    address = f"http://127.0.0.1:{port}"
    process = Popen([executable, "-m", "infra.bench.bare", str(port)], cwd=CHECKOUT)
    try:
        give_up_at = time.monotonic() + _PATIENCE_S
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
