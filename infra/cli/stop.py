"""`tongfen stop`: end the stack that runs from a folder, gently. Never kills."""

from __future__ import annotations

import os
import signal
import time
from typing import Annotated

import typer

from infra.cli.answer import NOT_RUNNING, AtHome, err, give_up, home_of, out

_LOOK_S = 0.1


def stop(
    home: AtHome = None,
    wait: Annotated[float, typer.Option(help="Seconds to wait until everything has ended.")] = 60.0,
) -> None:
    """Stop the stack; what it has begun is finished first.

    Example: tongfen stop

    Ends with 0 when it has ended, 3 when none was running, 1 when it has not ended in time.
    """
    place = home_of(home)
    if not place.is_held():
        out.print(f"Nothing runs from {place.root}.")
        raise typer.Exit(NOT_RUNNING)
    process = place.read(place.status).get("supervisor_process_id")
    if not isinstance(process, int):
        give_up(f"The stack in {place.root} is only just starting; try again in a second.")
    try:
        os.kill(process, signal.SIGTERM)
    except PermissionError:
        give_up(f"The stack in {place.root} belongs to another user (process {process}).")
    deadline = time.monotonic() + wait
    with err.status("Stopping; what has begun is finished first."):
        while place.is_held():
            if time.monotonic() > deadline:
                give_up(f"It has not ended within {wait:.0f} s; `tongfen logs` shows why.")
            time.sleep(_LOOK_S)
    out.print("Stopped.")
