"""`tongfen status`: what runs where. Never shows a password; ends with 0 only when everything is ready."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.text import Text

from infra.cli.answer import NOT_RUNNING, OBSTACLE, AsJson, AtHome, as_json, home_of, out, tabulate
from infra.embedded.child import process_state
from infra.embedded.home import Home

_COLOURS = {"ready": "green", "starting": "yellow", "down": "red", "stopped": "dim"}


def status(
    address: Annotated[bool, typer.Option("--address", help="Only the one address, for scripts.")] = False,
    home: AtHome = None,
    json: AsJson = False,
) -> None:
    """Show every address, database URL without password, and process id.

    Example: tongfen status --json

    Ends with 0 when everything is ready, 1 while something is not, 3 when nothing runs.
    """
    place = home_of(home)
    found = look(place)
    if json:
        as_json(found)
    elif address:
        print(found.get("address") or "")
    else:
        _show(found)
    if not found["running"]:
        raise typer.Exit(NOT_RUNNING)
    if not found["ready"]:
        raise typer.Exit(OBSTACLE)


def look(place: Home) -> dict[str, Any]:
    """Read what the supervisor wrote and check it against the processes that live."""
    found = {"state": "stopped", "home": str(place.root), "parts": {}, **place.read(place.status)}
    running = place.is_held()
    for part in found["parts"].values():
        if not running:
            part.update(state="stopped", process_id=None)
        elif part["state"] == "ready" and not _lives(part["process_id"]):
            part["state"] = "down"
    if not running:
        found["state"] = "stopped"
    all_up = all(part["state"] == "ready" for part in found["parts"].values())
    return {**found, "running": running, "ready": running and found["state"] == "ready" and all_up}


def _lives(process: int | None) -> bool:
    return process is not None and process_state(process) not in (None, "Z")


def _show(found: dict[str, Any]) -> None:
    if not found["running"]:
        out.print(f"Nothing runs from {found['home']}. `make run` starts it.")
        return
    rows: list[tuple[str | Text, ...]] = []
    for name, part in found["parts"].items():
        state = Text(part["state"], style=_COLOURS.get(part["state"], "white"))
        rows.append((name, state, part["address"], str(part["process_id"] or ""), str(part["restarts"])))
    tabulate(("part", "state", "address", "process", "restarts"), rows)
    for service, urls in found.get("databases", {}).items():
        out.print(f"\n[bold]{service}[/] database (passwords: {found['secrets']})")
        for url in urls.values():
            out.print(f"  {url}")
    out.print(
        f"\n{'Ready' if found['ready'] else 'Not ready (' + found['state'] + ')'}: {found.get('address')}"
    )
