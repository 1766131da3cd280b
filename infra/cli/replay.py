"""`tongfen replay`: real purchases of 2017 through the public doors, in a stack of its own.

Refuses to touch the stack of `make run`: both can stand at the same time.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import stamina
import typer

from infra.cli.answer import AsJson, as_json, err, give_up, out, settings
from infra.embedded.home import AlreadyRunning
from infra.embedded.obstacle import Obstacle
from infra.replay.door import ReplayStopped
from infra.replay.main import Output
from infra.replay.own_stack import folder_for, replay_in_own_stack

First = Annotated[
    date,
    typer.Option("--from", metavar="DAY", help="First day of the first month."),
]
Until = Annotated[
    date,
    typer.Option("--to", metavar="DAY", help="First day after the last month."),
]


def replay(
    first: First = date(2017, 1, 1),
    until: Until = date(2017, 2, 1),
    report: Annotated[Path | None, typer.Option(help="Where to write the report, one line of JSON.")] = None,
    picture: Annotated[Path, typer.Option(help="Where to draw who owes whom.")] = Path("out/settlement.svg"),
    keep: Annotated[bool, typer.Option("--keep", help="Leave the stack's folder, books included.")] = False,
    json: AsJson = False,
) -> None:
    """Replay the purchases of 2017: earn, redeem, close every month, net between the units.

    Example: tongfen replay --from 2017-01-01 --to 2017-07-01 --report out/replay.json

    Started again after it was killed, it goes on where it was and ends in the same report. Ends with 1 when
    something stands in the way.
    """
    folder = folder_for(settings().home, first, until)
    output = Output(report, picture)
    # Waiting for a service that comes back is ordinary here; the progress bar shows it.
    stamina.instrumentation.set_on_retry_hooks(())
    try:
        told = replay_in_own_stack(first, until, output, folder, keep=keep, screen=None if json else out)
    except AlreadyRunning:
        give_up(f"This replay runs already, in {folder}.")
    except (Obstacle, ReplayStopped, ValueError) as known:
        give_up(str(known))
    if json:
        as_json(told)
    else:
        _point_to(first, until, output)


def _point_to(first: date, until: date, output: Output) -> None:
    """Say where the results lie."""
    out.print(f"Purchases of [{first}, {until}): who owes whom is drawn in {output.picture}.")
    if output.report is not None:
        err.print(f"The report, for comparing byte for byte: {output.report}")
