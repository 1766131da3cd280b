"""`tongfen logs`: what the parts of the stack say. Only reads."""

from __future__ import annotations

import time
from collections import deque
from pathlib import Path
from typing import Annotated, TextIO

import typer

from infra.cli.answer import AtHome, give_up, home_of

_LOOK_S = 0.25


def logs(
    parts: Annotated[
        list[str] | None,
        typer.Argument(
            help="supervisor, postgres, kafka, gateway, partner, member, points, points-2, points-worker;"
            " else all."
        ),
    ] = None,
    home: AtHome = None,
    lines: Annotated[int, typer.Option("--lines", "-n", help="How many lines of each to show.", min=0)] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as they grow, until Ctrl-C.")] = False,
) -> None:
    """Show the end of the logs.

    Example: tongfen logs points -n 50 -f

    Ends with 1 when there is no such log.
    """
    place = home_of(home)
    known = sorted(path.stem for path in (place.root / "logs").glob("*.log"))
    chosen = parts or known
    unknown = [name for name in chosen if name not in known]
    if unknown or not known:
        there = f"there are {', '.join(known)}" if known else "nothing has run there yet"
        give_up(f"No log of {', '.join(unknown) or 'anything'} in {place.root}: {there}.")
    files = [(name, place.log(name).open(encoding="utf-8", errors="replace")) for name in chosen]
    for name, file in files:
        for line in deque(file, maxlen=lines):
            _print(name, line)
    try:
        while follow:
            grown = [name for name, file in files if _drain(name, file, place.log(name))]
            if not grown:
                time.sleep(_LOOK_S)
    except KeyboardInterrupt:
        raise typer.Exit from None
    finally:
        for _, file in files:
            file.close()


def _drain(name: str, file: TextIO, path: Path) -> bool:
    grown = False
    if path.exists() and path.stat().st_size < file.tell():
        # The log was turned over.
        file.seek(0)
    for line in file:
        grown = True
        _print(name, line)
    return grown


def _print(name: str, line: str) -> None:
    print(f"{name:<13} | {line.rstrip()}", flush=True)
