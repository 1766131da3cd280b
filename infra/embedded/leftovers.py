"""What a killed supervisor left behind is still ending when the next one starts: wait for it, then go on.

Refuses to touch a process that does not name the stack's folder: a process id may belong to anybody by now.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from infra.embedded.child import process_state
from infra.embedded.home import Home
from infra.embedded.steps import Steps

_PATIENCE_S = 30.0
_LOOK_S = 0.05


def await_leftovers(home: Home, steps: Steps, patience_s: float = _PATIENCE_S) -> None:
    """Wait until what the folder's last supervisor started is gone; kill what takes too long."""
    began = time.monotonic()
    left = _alive(home)
    if not left:
        return
    while left and time.monotonic() - began < patience_s:
        time.sleep(_LOOK_S)
        left = [process for process in left if _is_ours(process, home)]
    for process in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    steps.done("What the last start left behind has ended", time.monotonic() - began)


def _alive(home: Home) -> list[int]:
    parts = home.read(home.status).get("parts", {})
    processes = [part.get("process_id") for part in parts.values()]
    return [process for process in processes if isinstance(process, int) and _is_ours(process, home)]


def _is_ours(process: int, home: Home) -> bool:
    if process_state(process) in (None, "Z"):
        return False
    folder = Path(f"/proc/{process}")
    try:
        told = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
    except OSError:
        return False
    return str(home.root).encode() in told
