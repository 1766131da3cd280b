"""`tongfen reset`: remove a stack's state. Refuses while it runs, and folders that are not a stack's."""

from __future__ import annotations

from typing import Annotated

import typer

from infra.cli.answer import AtHome, give_up, home_of, out
from infra.embedded.home import AlreadyRunning
from infra.embedded.obstacle import Obstacle


def reset(
    home: AtHome = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove the state: database, broker, logs, passwords, jars.

    Example: tongfen reset --yes

    Ends with 0 when it is gone, 1 while the stack runs.
    """
    place = home_of(home)
    if not place.root.exists():
        out.print(f"There is no state in {place.root}.")
        return
    if not yes:
        typer.confirm(f"Remove {place.root} and every point in it?", abort=True)
    try:
        place.remove()
    except AlreadyRunning:
        give_up(f"The stack in {place.root} runs. `tongfen stop` first.")
    except Obstacle as known:
        give_up(known)
    out.print(f"{place.root} is gone.")
