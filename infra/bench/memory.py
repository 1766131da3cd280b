"""How much memory a service has after 200,000 requests."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

from infra.bench.line import Line
from infra.bench.room import Room

REQUESTS = 200_000
KB_PER_MB = 1024


def memory(room: Room) -> Iterator[Line]:
    """Ask until it is enough, then look at each process of a service."""
    parts = room.stack.status()["parts"]
    # What was asked so far fell to all of them, a share each; the rest is asked of each alone.
    share = room.answered // len(room.webs)
    for name in room.webs:
        answered = share
        while answered < REQUESTS:
            answered += room.read(seconds=5, address=parts[name]["address"]).requests
    used = {name: _resident_mb(parts[name]["process_id"]) for name in room.stack.processes}
    what = "resident memory of a service's process after 200,000 requests to each that answers"
    figures = {**{f"{name.replace('-', '_')}_mb": mb for name, mb in used.items()}, "requests": room.answered}
    yield Line("memory", what, max(used.values()), figures, unit="MB", most=250)


def _resident_mb(process_id: int) -> int:
    said = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(process_id)], check=True, capture_output=True, text=True
    ).stdout
    return round(int(said) / KB_PER_MB)
