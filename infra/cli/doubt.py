"""`tongfen doubt`: receipts that wait for a person: look at both sides, accept or reject. Decides nothing."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from infra.cli.answer import AsJson, AtHome, as_json, home_of, out, show_list, yuan
from infra.cli.door import As, StaffDoor

app = typer.Typer(no_args_is_help=True, help="Decide receipts that wait in doubt, with both sides shown.")

DoubtId = Annotated[str, typer.Argument(help="The doubt's id, dbt_…")]
Reason = Annotated[str, typer.Option(help="Why, in 4 to 200 characters; whoever told it reads it.")]


@app.command(name="list")
def list_doubts(
    state: Annotated[str, typer.Option(help="open, settled, accepted, rejected or all.")] = "open",
    who: As = "operator-1",
    home: AtHome = None,
    json: AsJson = False,
) -> None:
    """List receipts in doubt, the latest hundred, beside what is known; finance sees its own unit's.

    Example: tongfen doubt list --as finance-hotel

    Ends with 1 when there is no such state, 3 when nothing runs.
    """
    found = StaffDoor(home_of(home), who).get("/points/v1/receipts/doubts", state=state, limit="100")["data"]
    show_list(
        found,
        ("id", "unit", "store", "number", "¥", "by", "told by", "state", "first yes", "known", "¥ known"),
        lambda row: (
            *(row["doubt"], row["unit"], row["store"], row["receipt_no"], yuan(row["amount_fen"])),
            *(
                row["source"],
                row["told_by"],
                row["state"],
                row["first_accepted_by"] or "",
                *_known(row["known"]),
            ),
        ),
        json=json,
        none="Nothing waits." if state == "open" else "There is none.",
    )


@app.command()
def accept(
    doubt: DoubtId,
    reason: Reason,
    beside: Annotated[
        str | None, typer.Option(help="The known receipt, rcp_…, beside which it is a purchase of its own.")
    ] = None,
    who: As = "operator-1",
    home: AtHome = None,
    json: AsJson = False,
) -> None:
    """Accept a doubt: it earns, under the rule of the day of the purchase; a large one once two persons have.

    Example: tongfen doubt accept dbt_01jd… --reason "slip seen" --as finance-hotel

    Ends with 1 when the group refuses (what is known has changed, another person is needed as well), 3 when
    nothing runs.
    """
    body = {"reason": reason, **({"beside": beside} if beside else {})}
    found = StaffDoor(home_of(home), who).post(f"/points/v1/receipts/doubts/{doubt}/accept", body)
    if json:
        as_json(found)
    else:
        out.print(f"Accepted as {found['receipt']}: {found['points']:,} {found['asset']}.")


@app.command()
def reject(
    doubt: DoubtId, reason: Reason, who: As = "operator-1", home: AtHome = None, json: AsJson = False
) -> None:
    """Reject a doubt: it earns nothing, and whoever told it reads why.

    Example: tongfen doubt reject dbt_01jd… --reason "another shop's slip" --as finance-hotel

    Ends with 1 when the group refuses, 3 when nothing runs.
    """
    path = f"/points/v1/receipts/doubts/{doubt}/reject"
    found = StaffDoor(home_of(home), who).post(path, {"reason": reason})
    if json:
        as_json(found)
    else:
        out.print("Rejected; it earns nothing.")


def _known(known: dict[str, Any] | None) -> tuple[str, str]:
    return ("", "") if known is None else (known["receipt"], yuan(known["amount_fen"]))
