"""`tongfen bench`: what the hot paths cost beside their physical neighbours. Runs in a stack of its own."""

from __future__ import annotations

import json as text
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from infra.bench.line import Line
from infra.bench.load import Failed, NoGenerator
from infra.bench.main import bench as measured
from infra.bench.main import table
from infra.cli.answer import AsJson, give_up, out, settings
from infra.embedded.obstacle import Obstacle
from infra.embedded.steps import Steps
from infra.replay.door import ReplayStopped


def bench(
    page: Annotated[Path | None, typer.Option(help="Write the table to this Markdown page as well.")] = None,
    json: AsJson = False,
) -> None:
    """Measure redemption, wallet, batch door and listener, each beside its neighbour, five rounds.

    Example: tongfen bench --json

    Takes about three minutes and wants the machine for itself. With --json one object a line, as it is
    measured.
    Ends with 1 when something stands in the way (wrk missing, an answer that was no success).
    """
    lines: list[Line] = []
    try:
        for line in measured(Steps(out=sys.stderr), settings().jar_cache):
            lines.append(line)
            if json:
                typer.echo(text.dumps(line.as_json()))
    except (NoGenerator, Failed, Obstacle, ReplayStopped, TimeoutError) as known:
        give_up(str(known))
    if page is not None:
        page.write_text(table(lines), encoding="utf-8")
    if not json:
        _show(lines)


def _show(lines: list[Line]) -> None:
    shown = Table("id", "what", "ratio", "figures", box=None, pad_edge=False)
    for line in lines:
        told = line.as_json()
        ratio = "–" if told["ratio"] is None else f"{told['ratio']:.2f}"
        figures = ", ".join(f"{name} {value:,}" for name, value in line.figures.items())
        shown.add_row(line.id, line.what, ratio, figures)
    out.print(shown)
