"""`tongfen audit`: let the auditor recompute the books from their journals, now. Never changes them."""

from __future__ import annotations

import typer

from infra.cli.answer import AsJson, AtHome, as_json, err, home_of, out, tabulate
from infra.cli.door import As, StaffDoor

PATIENCE_S = 900.0
"""Large books take minutes: the door is asked again while the auditor reads."""


def audit(who: As = "operator-1", home: AtHome = None, json: AsJson = False) -> None:
    """Recompute wallets, lots, nets and statements of all months from the journals.

    Example: tongfen audit

    Says what was checked, over how many rows, and what was not.

    Ends with 1 when a row does not add up, 3 when nothing runs.
    """
    with err.status("The auditor reads the books …"):
        found = StaffDoor(home_of(home), who, PATIENCE_S).get("/points/v1/audit")
    if json:
        as_json(found)
    else:
        _show(found)
    if not found["sound"]:
        raise typer.Exit(1)


def _show(found: dict[str, object]) -> None:
    scopes = found["scopes"]
    assert isinstance(scopes, list)
    checked = [
        (scope["scope"], name, f"{rows:,}") for scope in scopes for name, rows in scope["checked"].items()
    ]
    tabulate(("scope", "rule of the books", "rows"), checked)
    findings, left_out = found["findings"], found["not_checked"]
    assert isinstance(findings, list)
    assert isinstance(left_out, list)
    for one in findings:
        if one["row"] is None:
            out.print(f"[red]A row[/red] breaks «{one['invariant']}»; which one is told to operators.")
        else:
            out.print(f"[red]{one['row']}[/red] breaks «{one['invariant']}»: {one['told']}")
    out.print(f"Not checked: {'; '.join(map(str, left_out))}.")
    out.print(f"{found['found']} findings in {found['rows']:,} rows.")
