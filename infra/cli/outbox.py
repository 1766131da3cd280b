"""`tongfen outbox`: what left once leaves again, for a broker that lost its log. Changes no event."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from infra.cli.answer import OBSTACLE, AsJson, AtHome, as_json, err, home_of, out
from infra.cli.door import As, StaffDoor
from infra.embedded.service import recipes

app = typer.Typer(no_args_is_help=True, help="Fill a broker that lost its log from what left once.")

LOOK_AGAIN_S = 0.2


@app.callback()
def _outbox() -> None:
    """Fill a broker that lost its log from what left once."""


@app.command()
def replay(
    since: Annotated[
        str, typer.Option(help="From when on, RFC 3339 with offset, or the id of the first event.")
    ],
    service: Annotated[str | None, typer.Option(help="One service's events; all services' if none.")] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Hold until the last has left.")] = True,
    who: As = "operator-1",
    home: AtHome = None,
    json: AsJson = False,
) -> None:
    """Let events leave again from the archive (30 days), each key in its order, under the ids they had.

    Example: tongfen outbox replay --since 2026-11-01T00:00:00+08:00

    Whoever has heard an event drops it. Until the last has left, new events wait behind it; requests are
    answered as ever. Interrupted, this command leaves the replay to the service, which ends it.

    Ends with 1 when the group refuses or the broker does not take an event, 3 when nothing runs.
    """
    door = StaffDoor(home_of(home), who)
    names = [service] if service else [recipe.name for recipe in recipes()]
    found = {name: door.post(f"/{name}/v1/outbox/replays", {"since": since}) for name in names}
    if wait:
        found = _awaited(door, found, silent=json)
    if json:
        as_json(found)
    else:
        for name, told in found.items():
            out.print(_told(name, told))
    if any(told.get("unsendable") for told in found.values()):
        raise typer.Exit(OBSTACLE)


def _awaited(door: StaffDoor, asked: dict[str, dict[str, Any]], *, silent: bool) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, disable=silent) as progress:
        bars = {name: progress.add_task(name, total=told["events_at_most"]) for name, told in asked.items()}
        while len(found) < len(asked):
            for name, told in asked.items():
                if name in found:
                    continue
                state = door.get(f"/{name}/v1/outbox/replays/{told['replay']}")
                progress.update(bars[name], completed=state["passed"])
                if state["done"]:
                    found[name] = state
            if len(found) < len(asked):
                time.sleep(LOOK_AGAIN_S)
    return found


def _told(name: str, told: dict[str, Any]) -> str:
    if told["from_event"] is None:
        return f"{name}: no event has left since then."
    began = f"from {told['from_event']} ({told['from_moment']}) on"
    if "done" not in told:
        return f"{name}: at most {told['events_at_most']:,} events leave again, {began}."
    lost = f" [red]{told['unsendable']:,} were not taken by the broker.[/red]" if told["unsendable"] else ""
    return f"{name}: {told['sent']:,} events left again, {began}.{lost}"
