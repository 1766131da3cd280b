"""`tongfen month`: what each month came to, and closing one. The past never changes by it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from infra.cli.answer import AsJson, AtHome, as_json, give_up, home_of, out, tabulate, yuan
from infra.cli.door import As, StaffDoor

app = typer.Typer(no_args_is_help=True, help="Look at months and their statements, open and close them.")

Month = Annotated[str, typer.Argument(help="The month, YYYY-MM.")]


@app.command(name="list")
def list_months(who: As = "operator-1", home: AtHome = None, json: AsJson = False) -> None:
    """List all months with their state.

    Example: tongfen month list

    Ends with 3 when nothing runs.
    """
    found = StaffDoor(home_of(home), who).get("/points/v1/months")["data"]
    if json:
        as_json(found)
        return
    tabulate(
        ("month", "state", "sealed", "statements"),
        [(row["month"], row["state"], row["sealed_at"] or "", str(len(row["statements"]))) for row in found],
    )


@app.command()
def show(
    month: Annotated[
        str | None, typer.Argument(help="The month, YYYY-MM; the last settled one if none.")
    ] = None,
    who: As = "operator-1",
    home: AtHome = None,
    json: AsJson = False,
) -> None:
    """Show a month: who settles what, in yuan.

    Example: tongfen month show 2026-10

    Ends with 1 when there is no such month, 3 when nothing runs.
    """
    door = StaffDoor(home_of(home), who)
    found = door.get(f"/points/v1/months/{month or _last_settled(door)}")
    if json:
        as_json(found)
        return
    out.print(f"{found['month']} is {found['state']}.")
    if found["statements"]:
        _show_settlement(found["statements"])


@app.command(name="open")
def open_month(month: Month, who: As = "operator-1", home: AtHome = None, json: AsJson = False) -> None:
    """Open a month, so that movements can be booked in it.

    Example: tongfen month open 2027-01

    Ends with 1 when the group refuses, 3 when nothing runs.
    """
    _move(home, who, month, "open", as_program=json)


@app.command()
def close(month: Month, who: As = "operator-1", home: AtHome = None, json: AsJson = False) -> None:
    """Close a month that is over: it drains, is sealed, and its statements are issued.

    Example: tongfen month close 2026-11

    Ends with 1 when the group refuses (a month is not closed before its end), 3 when nothing runs.
    """
    _move(home, who, month, "close", as_program=json)


@app.command()
def statement(
    name: Annotated[str, typer.Argument(help="The statement's id, stm_…")],
    csv: Annotated[bool, typer.Option("--csv", help="As CSV instead of JSON.")] = False,
    who: As = "operator-1",
    home: AtHome = None,
) -> None:
    """Print a unit's statement.

    Example: tongfen month statement stm_01jd… --csv > hotel.csv

    Ends with 1 when there is none, 3 when nothing runs.
    """
    door = StaffDoor(home_of(home), who)
    print(door.get_text(f"/points/v1/statements/{name}", form="csv" if csv else "json"))


def _last_settled(door: StaffDoor) -> str:
    settled = [row["month"] for row in door.get("/points/v1/months")["data"] if row["statements_issued"]]
    if not settled:
        give_up("No month is settled yet. `tongfen month list` shows them all.")
    return str(settled[-1])


def _move(home: AtHome, who: str, month: str, verb: str, *, as_program: bool) -> None:
    found = StaffDoor(home_of(home), who).post(f"/points/v1/months/{month}/{verb}")
    if as_program:
        as_json(found)
    else:
        out.print(f"{found['month']} is {found['state']}.")


def _show_settlement(statements: list[dict[str, Any]]) -> None:
    tabulate(
        ("unit", "is owed (¥)", "statement"),
        [(row["unit"], yuan(row["net_fen"]), row["statement"]) for row in statements],
    )
