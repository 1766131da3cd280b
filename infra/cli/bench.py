"""`tongfen bench`: what the hot paths cost beside their physical neighbours. Runs in a stack of its own."""

from __future__ import annotations

import json as text
import sys
from pathlib import Path
from typing import Annotated

import typer

from infra.bench.line import Line
from infra.bench.load import Failed, NoGenerator
from infra.bench.main import MEASURES
from infra.bench.main import bench as measured
from infra.bench.page import figures_of, page_of, value_of
from infra.cli.answer import AsJson, give_up, settings, tabulate
from infra.embedded.obstacle import Obstacle
from infra.embedded.steps import Steps
from infra.replay.door import ReplayStopped


def bench(
    page: Annotated[Path | None, typer.Option(help="Write the table to this Markdown page as well.")] = None,
    only: Annotated[list[str] | None, typer.Option(help=f"One measure of: {', '.join(MEASURES)}.")] = None,
    load: Annotated[
        bool, typer.Option(help="Also with a million wallets and ten million transfers (20 min, 15 GB).")
    ] = False,
    json: AsJson = False,
) -> None:
    """Measure the hot paths beside their neighbours, a month's end, memory, and what bends under too much.

    Example: tongfen bench --only redemptions --only wallets --json

    Takes about a quarter of an hour and wants the machine for itself. With --json one object a line, as it
    is measured.

    Ends with 1 when something stands in the way (wrk missing), or a measure failed; it says which and why.
    """
    lines: list[Line] = []
    try:
        for line in measured(Steps(out=sys.stderr), settings().jar_cache, only=tuple(only or ()), full=load):
            lines.append(line)
            if json:
                typer.echo(text.dumps(line.as_json()))
    except (NoGenerator, Failed, Obstacle, ReplayStopped, TimeoutError) as known:
        give_up(str(known))
    if page is not None:
        page.write_text(page_of(lines), encoding="utf-8")
    if not json:
        _show(lines)
    if any(line.value is None for line in lines):
        raise typer.Exit(1)


def _show(lines: list[Line]) -> None:
    rows = []
    for line in lines:
        reached = {True: "yes", False: "no", None: ""}[line.reached]
        rows.append((line.id, line.what, value_of(line), line.goal, reached, figures_of(line)))
    tabulate(("id", "what", "measured", "goal", "reached", "figures"), rows)
