"""A stack that lives for one replay: empty books, no clock of its own, beside whatever else runs here.

Its folder follows from the range. A replay that was killed finds the folder again and goes on where it was;
one that ended removes it. It never touches the books of another stack.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console

from infra.embedded.home import Home
from infra.embedded.stack import PROFILES, Stack
from infra.embedded.steps import Steps
from infra.replay.main import Output, checked_plan, replay
from infra.seed.seed import furnish


def folder_for(state: Path, first: date, until: date) -> Path:
    """Give the folder of the stack that replays [first, until), below the folder of all state."""
    return state / "replay" / f"{first}_{until}"


def replay_in_own_stack(
    first: date,
    until: date,
    output: Output,
    folder: Path,
    *,
    keep: bool = False,
    screen: Console | None = None,
) -> dict[str, Any]:
    """Bring up a stack in the folder, replay [first, until) through it and answer the report.

    :param keep: leave the folder, with its books, for whoever wants to look into them.
    :raises ValueError: if the range is not one of whole months of 2017.
    :raises Obstacle: if the stack does not come up.
    :raises AlreadyRunning: if the same replay runs already.
    :raises ReplayStopped: if the replay cannot go on; the folder stays, and the next run goes on there.
    """
    checked_plan(first, until)
    home = Home(folder)
    with Stack(folder, PROFILES["replay"], steps=_steps(home, screen)) as stack:
        with stack.steps.step("Units, rules and systems of the group brought in"):
            signer = furnish(stack)
        report = replay(stack.address, signer, first, until, output, screen=screen)
    if not keep:
        home.remove()
    return report


def _steps(home: Home, screen: Console | None) -> Steps:
    """Say each step of the start where the progress will be, or nowhere but in the log."""
    log = home.log("supervisor")
    return Steps(log) if screen is not None else Steps(log, out=None)
