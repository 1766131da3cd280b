"""How commands speak: one place for colours, for JSON, and for the line that says what stands in the way."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.embedded.home import Home
from infra.embedded.obstacle import Obstacle
from infra.embedded.settings import StackSettings

OBSTACLE = 1
NOT_RUNNING = 3

PIPED_COLUMNS = 1_000
"""How wide what a program reads may be: no row is cut or folded for it."""

out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else PIPED_COLUMNS)
err = Console(stderr=True, highlight=False, soft_wrap=True)

AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON object, for programs.")]
AtHome = Annotated[
    Path | None,
    typer.Option("--home", help="Folder of the stack's state (else TONGFEN_HOME, else .tongfen)."),
]


def settings() -> StackSettings:
    """Read the stack's settings; a wrong one ends the command with one line."""
    try:
        return StackSettings()
    except ValidationError as wrong:
        first = wrong.errors()[0]
        name = "TONGFEN_" + "_".join(str(part) for part in first["loc"]).upper()
        give_up(f"{name} is not usable: {first['msg']}.")


def home_of(chosen: Path | None) -> Home:
    """Choose the stack's folder: what was asked for, else what is set, else `.tongfen`."""
    return Home(chosen or settings().home)


def as_json(content: Any) -> None:
    """Answer a program."""
    print(json.dumps(content, ensure_ascii=False))


def tabulate(headings: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> None:
    """Show a table to a person; what is too long for their terminal is folded, so that an id stays whole."""
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in row))
    out.print(table)


def show_list(
    found: Sequence[Any],
    headings: Sequence[str],
    row: Callable[[Any], Sequence[str | Text]],
    *,
    json: bool,
    none: str = "There is none.",
) -> None:
    """Show what a door has listed: to programs as it came, to people as a table, or that there is none."""
    if json:
        as_json(found)
    elif found:
        tabulate(headings, map(row, found))
    else:
        out.print(none)


def yuan(fen: int) -> str:
    """Write an amount of fen as yuan, with thousands and two places."""
    whole, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{whole:,}.{rest:02d}"


def give_up(what: str | Obstacle, code: int = OBSTACLE) -> NoReturn:
    """Say in one line what stands in the way, and end with that code."""
    # No markup: what stands in the way may hold brackets of its own.
    err.print(str(what), style="red", markup=False)
    raise typer.Exit(code)
