"""Kills: which part, and when, follows from a seed that is printed, so that a red run can be run again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from infra.embedded.stack import Stack

PARTS = ("postgres", "kafka", "points", "points-2", "points-worker", "member")
CLIENT = "client"


def seed_of_run() -> int:
    """Give the seed that was asked for, else a fresh one."""
    return int(os.environ.get("TONGFEN_SEED", "0")) or random.randrange(2**32)


class Client:
    """A client program of its own process: it is started again, wherever it was, until it ends by itself."""

    def __init__(self, starting: Callable[[], subprocess.Popen[bytes]]) -> None:
        self._starting = starting
        self.process = starting()

    def kill(self) -> None:
        """Kill it, and start it again; one that has ended stays so."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
            self.process = self._starting()

    def end(self) -> None:
        """Kill it for good."""
        self.process.kill()
        self.process.wait()


def kill(stack: Stack, client: Client, part: str) -> bool:
    """Kill a part by SIGKILL; tell whether there was anything to kill."""
    if part == CLIENT:
        client.kill()
        return True
    process = stack.parts[part].component.child.pid
    if process is None:
        return False
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
    return True


def in_turn(chance: random.Random, parts: Sequence[str]) -> Iterator[str]:
    """Name parts for ever: all of them in a random order, then all of them again."""
    while True:
        yield from chance.sample(parts, len(parts))


def killed_until(
    stack: Stack, client: Client, until: float, every_s: float, seed: int, parts: Sequence[str]
) -> Counter[str]:
    """Kill one part after the other until that moment (monotonic seconds); give how often which."""
    chance, killed = random.Random(seed), Counter[str]()
    order = in_turn(chance, parts)
    next_at = time.monotonic() + every_s * chance.uniform(0.5, 1.0)
    while time.monotonic() < until and client.process.poll() is None:
        if time.monotonic() >= next_at:
            part = next(order)
            killed[part] += kill(stack, client, part)
            next_at += every_s
        time.sleep(0.05)
    return killed
