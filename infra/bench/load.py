"""The load generator: wrk, the same for both sides of a ratio, so that it takes the same share of the cores.

Refuses to measure what was not answered with success: one other answer fails the run.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_UNITS_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0}
_COUNT = re.compile(r"(\d+) requests in")
_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_P99 = re.compile(r"99%\s+([\d.]+)(us|ms|s)")
_BAD = re.compile(r"Non-2xx or 3xx responses: (\d+)")
_SOCKETS = re.compile(r"Socket errors: (.*)")


class NoGenerator(Exception):
    """No load generator: wrk is not on this machine, and the message says how to get it."""


class Failed(Exception):
    """A run had answers that were no success."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one run came to; `requests` is how many were answered."""

    per_s: float
    p99_ms: float
    requests: int


def check_generator() -> None:
    """Tell early where wrk is missing.

    :raises NoGenerator: if it is.
    """
    if shutil.which("wrk") is None:
        raise NoGenerator(
            "The benchmark needs wrk (Debian, Ubuntu: apt-get install wrk; macOS: brew install wrk)."
        )


def drive(url: str, script: Path | None, seconds: int, connections: int, *told: str) -> Load:
    """Drive one address for some seconds over that many connections, and measure.

    :param script: a wrk script; without one it GETs the address.
    :param told: words handed to the script.
    :raises Failed: if one answer was not 2xx.
    """
    command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "--latency"]
    if script is not None:
        command += ["-s", str(script)]
    command += [url, "--", *told]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    bad, sockets = _BAD.search(said), _SOCKETS.search(said)
    if bad or sockets:
        raise Failed(f"{url}: {bad.group(0) if bad else ''} {sockets.group(0) if sockets else ''}".strip())
    rate, p99, count = _RATE.search(said), _P99.search(said), _COUNT.search(said)
    if rate is None or p99 is None or count is None:
        raise Failed(f"wrk said nothing of {url}: {said[:300]}")
    return Load(float(rate.group(1)), float(p99.group(1)) * _UNITS_MS[p99.group(2)], int(count.group(1)))


def pause_ms(connections: int, per_s: float) -> int:
    """Give how long each connection rests between two requests, so that all together ask about so often.

    What an answer takes is left out of the reckoning: the rate comes out a little lower, and is reported.
    """
    return max(1, round(1000 * connections / per_s))
