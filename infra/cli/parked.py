"""`tongfen parked`: events that could not be obeyed: look, replay, set aside. Never changes an event."""

from __future__ import annotations

from typing import Annotated

import typer

from infra.cli.answer import AsJson, AtHome, as_json, home_of, out, tabulate
from infra.cli.door import As, StaffDoor

app = typer.Typer(no_args_is_help=True, help="Look at events that could not be obeyed, and heal them.")


@app.command(name="list")
def list_parked(who: As = "operator-1", home: AtHome = None, json: AsJson = False) -> None:
    """List what is parked, oldest first, with its cause.

    Example: tongfen parked list

    Ends with 3 when nothing runs.
    """
    found = StaffDoor(home_of(home), who).get("/points/v1/parked")
    if json:
        as_json(found)
        return
    if not found["data"]:
        out.print("Nothing is parked.")
        return
    tabulate(
        ("id", "parked", "topic", "key", "cause"),
        [(str(row["id"]), row["parked_at"], row["topic"], row["key"], row["cause"]) for row in found["data"]],
    )


@app.command()
def replay(
    key: Annotated[str | None, typer.Argument(help="The key to heal; all if none is named.")] = None,
    who: As = "operator-1",
    home: AtHome = None,
    json: AsJson = False,
) -> None:
    """Obey parked events again, each key in the order of its versions.

    Example: tongfen parked replay mem_01jd…

    Ends with 1 when a key stops again, 3 when nothing runs.
    """
    body = {"key": key} if key else {}
    found = StaffDoor(home_of(home), who).post("/points/v1/parked/replay", body)
    if json:
        as_json(found)
    else:
        out.print(f"{found['healed']} healed.")
        for stopped, why in found["stopped"].items():
            out.print(f"{stopped} stops again: {why}")
    if found["stopped"]:
        raise typer.Exit(1)


@app.command()
def dismiss(
    event: Annotated[int, typer.Argument(help="The id that `tongfen parked list` shows.")],
    who: As = "operator-1",
    home: AtHome = None,
    json: AsJson = False,
) -> None:
    """Set one parked event aside: its version counts as heard, its content is not obeyed.

    Example: tongfen parked dismiss 7

    Ends with 1 when it cannot be set aside, 3 when nothing runs.
    """
    found = StaffDoor(home_of(home), who).post(f"/points/v1/parked/{event}/dismiss")
    if json:
        as_json(found)
    else:
        out.print(f"Event {found['id']} is set aside.")
