"""`tongfen opening`: what members had in a unit's own system before, by a file that two persons stand for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infra.cli.answer import AsJson, AtHome, as_json, give_up, home_of, out, tabulate
from infra.cli.door import As, StaffDoor, address_of
from infra.opening.loader import NotThatFile, bring_in
from infra.opening.sheet_file import Checked, Unreadable, checked
from infra.replay.door import Door, ReplayStopped
from infra.seed.keys import signer_of
from shared.runtime.clock import now

app = typer.Typer(no_args_is_help=True, help="Bring in opening balances by a file that two persons approve.")

File = Annotated[Path, typer.Argument(help="CSV: unit, number, points, reference, expires_at, earned_at.")]
SheetId = Annotated[str, typer.Argument(help="The sheet's id, sht_…")]


@app.command()
def check(file: File, json: AsJson = False) -> None:
    """Read a file to its end and say what it comes to, or what is wrong in which line.

    Example: tongfen opening check balances.csv

    UTF-8 and GB18030 are both read. Ends with 1 when a line is wrong.
    """
    found = _read(file)
    if json:
        as_json(
            {
                "unit": found.unit,
                "lines": found.lines,
                "points": found.points,
                "digest": found.digest,
                "faults": [{"line": one.place, "told": one.told} for one in found.faults],
            }
        )
        if not found.sound:
            raise typer.Exit(1)
        return
    _say_faults(found)
    out.print(f"{found.lines} lines with {found.points} points of {found.unit}, digest {found.digest}.")


@app.command()
def announce(file: File, who: As = "operator-1", home: AtHome = None, json: AsJson = False) -> None:
    """Announce a file: its unit, lines, points and digest wait for another person.

    Example: tongfen opening announce balances.csv --as operator-1

    Ends with 1 when a line is wrong or the group refuses, 3 when nothing runs.
    """
    found = _read(file)
    _say_faults(found)
    body = {"unit": found.unit, "digest": found.digest, "lines": found.lines, "points": found.points}
    sheet = StaffDoor(home_of(home), who).post("/points/v1/openings", body)
    if json:
        as_json(sheet)
    else:
        out.print(f"Announced {sheet['sheet']}: {found.lines} lines, {found.points} points of {found.unit}.")
        out.print(f"Another person approves it: tongfen opening approve {sheet['sheet']}")


@app.command()
def approve(sheet: SheetId, who: As = "operator-2", home: AtHome = None, json: AsJson = False) -> None:
    """Approve another person's sheet.

    Example: tongfen opening approve sht_01jd… --as finance-residential

    Ends with 1 when the group refuses (the same person twice is refused), 3 when nothing runs.
    """
    found = StaffDoor(home_of(home), who).post(f"/points/v1/openings/{sheet}/approve")
    if json:
        as_json(found)
    else:
        out.print(f"Approved. Bring it in: tongfen opening load FILE {sheet}")


@app.command()
def load(
    file: File,
    sheet: SheetId,
    client: Annotated[str, typer.Option(help="The importer that signs.")] = "importer",
    home: AtHome = None,
    json: AsJson = False,
) -> None:
    """Bring an approved file in, line by line; done again, it brings in what is missing.

    Example: tongfen opening load balances.csv sht_01jd…

    Says which lines were taken, were there already, or were refused and why. Ends with 1 when one was refused
    or the file is not the approved one, 3 when nothing runs.
    """
    place = home_of(home)
    try:
        with Door(address_of(place), signer_of(place.folder("keys"), client)) as door:
            brought = bring_in(door, sheet, file)
    except (NotThatFile, ReplayStopped, Unreadable) as wrong:
        give_up(f"{wrong}.")
    refused = [
        {"line": one.place, "reference": one.reference, "code": one.code, "told": one.told}
        for one in brought.refused
    ]
    if json:
        as_json({"taken": brought.taken, "there": brought.there, "refused": refused})
    else:
        out.print(f"{brought.taken} taken, {brought.there} there already, {len(refused)} refused.")
        for one in refused:
            out.print(
                f"  line {one['line']}, {one['reference']}: {one['told']} ({one['code']})", markup=False
            )
    if refused:
        raise typer.Exit(1)


@app.command(name="list")
def list_sheets(who: As = "operator-1", home: AtHome = None, json: AsJson = False) -> None:
    """List sheets with how much of each was brought in.

    Example: tongfen opening list

    Ends with 3 when nothing runs.
    """
    found = StaffDoor(home_of(home), who).get("/points/v1/openings")["data"]
    if json:
        as_json(found)
        return
    rows = []
    for row in found:
        lines = f"{row['taken_lines']} of {row['lines']}"
        points = f"{row['taken_points']} of {row['points']}"
        rows.append((row["sheet"], row["unit"], lines, points, row["asked_by"], row["approved_by"] or ""))
    tabulate(("sheet", "unit", "lines", "points", "announced", "approved"), rows)


def _read(file: Path) -> Checked:
    try:
        return checked(file, now())
    except (OSError, Unreadable) as wrong:
        give_up(f"{wrong}.")


def _say_faults(found: Checked) -> None:
    """Name the wrong lines of a file to a person, and end the command where there are any."""
    for one in found.faults:
        out.print(f"line {one.place}: {one.told}", markup=False)
    if found.more_faults:
        out.print(f"and {found.more_faults} more")
    if found.faults:
        give_up("Mend the file, then check it again: one with a wrong line is neither announced nor taken.")
    if not found.sound:
        give_up("The file has no line below the one that names its columns.")
