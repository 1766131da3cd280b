"""`tongfen voucher`: coupons of outside partners: what waits for their word, and giving one back."""

from __future__ import annotations

from typing import Annotated

import typer

from infra.cli.answer import AsJson, AtHome, as_json, home_of, out, show_list, yuan
from infra.cli.door import As, StaffDoor

app = typer.Typer(no_args_is_help=True, help="Look at partners' coupons, and give one back.")


@app.command(name="list")
def list_vouchers(
    state: Annotated[str | None, typer.Option(help="asked, issued or refused; else all.")] = None,
    who: As = "operator-1",
    home: AtHome = None,
    json: AsJson = False,
) -> None:
    """List vouchers, the latest hundred, without their codes; finance sees its own unit's.

    Example: tongfen voucher list --state asked

    Ends with 1 when there is no such state, 3 when nothing runs.
    """
    query = {"limit": "100", **({"state": state} if state else {})}
    found = StaffDoor(home_of(home), who).get("/points/v1/vouchers", **query)["data"]
    show_list(
        found,
        ("id", "offer", "partner", "unit", "¥", "state", "asked", "being given back"),
        lambda row: (
            *(row["voucher"], row["offer"], row["partner"], row["unit"], yuan(row["price_fen"])),
            *(row["state"], row["asked_at"], row["voiding"]["state"] if row["voiding"] else ""),
        ),
        json=json,
    )


@app.command()
def void(
    voucher: Annotated[str, typer.Argument(help="The voucher's id, vch_…")],
    reason: Annotated[str, typer.Option(help="Why it is given back, in 4 to 200 characters.")],
    who: As = "operator-1",
    home: AtHome = None,
    json: AsJson = False,
) -> None:
    """Ask the partner to void a coupon: its points come back once that is done.

    Example: tongfen voucher void vch_01jd… --reason "the ride never came"

    Asked twice it is one voiding. Ends with 1 when the group refuses, 3 when nothing runs.
    """
    path = f"/points/v1/vouchers/{voucher}/void"
    found = StaffDoor(home_of(home), who).post(path, {"reason": reason})
    if json:
        as_json(found)
    else:
        out.print("The partner is asked. What it says: tongfen voucher voidings")


@app.command()
def voidings(
    state: Annotated[str | None, typer.Option(help="asked, voided, used or unknown; else all.")] = None,
    who: As = "operator-1",
    home: AtHome = None,
    json: AsJson = False,
) -> None:
    """List coupons that are being given back, the latest hundred: who asked, why, and what the partner said.

    Example: tongfen voucher voidings --state asked

    Ends with 1 when there is no such state, 3 when nothing runs.
    """
    query = {"limit": "100", **({"state": state} if state else {})}
    found = StaffDoor(home_of(home), who).get("/points/v1/voidings", **query)["data"]
    show_list(
        found,
        ("voucher", "partner", "unit", "¥", "state", "asked by", "asked", "reason"),
        lambda row: (
            *(row["voucher"], row["partner"], row["unit"], yuan(row["price_fen"]), row["state"]),
            *(row["asked_by"], row["asked_at"], row["reason"]),
        ),
        json=json,
    )
