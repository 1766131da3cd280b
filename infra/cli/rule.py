"""`tongfen rule`: rules are drafted by one person, tried, and approved by another. Never does both as one."""

from __future__ import annotations

import json as text
from typing import Annotated, Any

import typer

from infra.cli.answer import AsJson, AtHome, as_json, give_up, home_of, out, tabulate, yuan
from infra.cli.door import As, StaffDoor
from services.points.domain.rulebook import RuleKind

app = typer.Typer(
    no_args_is_help=True, help="Draft, try, approve and list the rules of earning and spending."
)


@app.command()
def draft(
    kind: Annotated[RuleKind, typer.Argument(help="What kind of rule.")],
    subject: Annotated[str, typer.Argument(help="What it is about: hotel, MALL, RESI-HOTL, group …")],
    body: Annotated[str, typer.Argument(help="Its terms as JSON.")],
    valid_from: Annotated[
        str | None, typer.Option("--from", help="From when, RFC 3339 with offset; at least 60 s ahead.")
    ] = None,
    who: As = "operator-1",
    home: AtHome = None,
    json: AsJson = False,
) -> None:
    """Draft a version of a rule; it takes effect once another person approves it.

    Example: tongfen rule draft earn hotel '{"points": 3, "per_fen": 100}' --from 2027-01-01T00:00:00+08:00

    Ends with 1 when the group refuses, 2 when there is no such kind, 3 when nothing runs.
    """
    try:
        terms = text.loads(body)
    except text.JSONDecodeError as wrong:
        give_up(f"The terms are not JSON: {wrong}.", code=2)
    rule: dict[str, Any] = {"kind": kind.value, "subject": subject, "body": terms}
    if valid_from is not None:
        rule["valid_from"] = valid_from
    found = StaffDoor(home_of(home), who).post("/points/v1/rules", {"rule": rule})
    if json:
        as_json(found)
    else:
        out.print(
            f"Drafted {found['rule']}. Another person approves it: tongfen rule approve {found['rule']}"
        )


@app.command()
def approve(
    rule: Annotated[str, typer.Argument(help="The rule's id, rul_…")],
    who: As = "operator-2",
    home: AtHome = None,
    json: AsJson = False,
) -> None:
    """Approve another person's draft.

    Example: tongfen rule approve rul_01jd… --as operator-2

    Ends with 1 when the group refuses (the same person twice is refused), 3 when nothing runs.
    """
    found = StaffDoor(home_of(home), who).post(f"/points/v1/rules/{rule}/approve")
    if json:
        as_json(found)
    else:
        out.print(f"{found['kind']} {found['subject']} holds from {found['valid_from']}.")


@app.command(name="list")
def list_rules(
    everything: Annotated[bool, typer.Option("--all", help="Every version, drafts too.")] = False,
    who: As = "operator-1",
    home: AtHome = None,
    json: AsJson = False,
) -> None:
    """List the rules in force.

    Example: tongfen rule list --all

    Ends with 3 when nothing runs.
    """
    door = StaffDoor(home_of(home), who)
    found = door.get("/points/v1/rules", state="all" if everything else "in-force")["data"]
    if json:
        as_json(found)
        return
    tabulate(
        ("kind", "subject", "version", "state", "from", "id", "terms"),
        [
            (
                *(row["kind"], row["subject"], str(row["version"]), row["state"], row["valid_from"]),
                *(row["rule"], text.dumps(row["body"], ensure_ascii=False)),
            )
            for row in found
        ],
    )


@app.command()
def simulate(
    unit: Annotated[str | None, typer.Argument(help="A receipt of this unit …")] = None,
    amount_fen: Annotated[int | None, typer.Argument(help="… of so many fen.")] = None,
    category: Annotated[str | None, typer.Option(help="What the receipt is for.")] = None,
    tier: Annotated[int, typer.Option(help="The member's tier, 0 to 9.")] = 0,
    month: Annotated[
        str | None, typer.Option(help="Instead of one receipt: this month's real ones, YYYY-MM.")
    ] = None,
    rule: Annotated[
        str | None, typer.Option(help="Under this version, drafted or approved, instead of those in force.")
    ] = None,
    who: As = "operator-1",
    home: AtHome = None,
    json: AsJson = False,
) -> None:
    """Say what a receipt would earn, or what a month's real receipts would have earned and cost.

    Example: tongfen rule simulate hotel 50000 --tier 2

    Example: tongfen rule simulate --month 2026-10 --rule rul_01jd…

    Ends with 1 when the group refuses, 2 when neither a receipt nor a month is named, 3 when nothing runs.
    """
    question: dict[str, Any] = {"rule": rule} if rule else {}
    if month is not None:
        question["month"] = month
    elif unit is not None and amount_fen is not None:
        purchase = {"unit": unit, "amount_fen": amount_fen, "member_tier": tier}
        question["receipt"] = {**purchase, "category": category} if category else purchase
    else:
        give_up("Name a unit and an amount in fen, or a month and a rule.", code=2)
    found = StaffDoor(home_of(home), who).post("/points/v1/earn/simulate", question)
    if json:
        as_json(found)
    elif found["month"] is not None:
        _show_month(found["month"])
        one_in = found["month"]["one_in"]
        if one_in > 1:
            out.print(f"[yellow]A sample: the receipts of one member in {one_in}.[/yellow] All come to about")
            out.print(f"{one_in} times as many receipts, points and yuan.")
        out.print(f"Took {found['took_ms']} ms.")
    else:
        out.print(_receipt_line(found["receipt"]))


def _receipt_line(found: dict[str, Any]) -> str:
    bonus = found["bonus"]
    told = [f"{found['points']} {found['asset']} under version {found['rule']}"]
    if bonus is not None:
        told.append(
            f"{bonus['points']} {bonus['asset']} of {bonus['bearer']} by campaign {bonus['campaign']}"
        )
    told.extend(f"{cut['points']} of {cut['of']} cut by {cut['rule']}" for cut in found["cut"])
    return f"{', '.join(told)}; worth ¥{yuan(found['worth_fen'])}."


def _show_month(found: dict[str, Any]) -> None:
    tabulate(
        ("unit", "receipts", "changed", "points", "would be", "cost ¥", "would be ¥"),
        [
            (
                row["unit"],
                f"{row['receipts']:,}",
                f"{row['receipts_changed']:,}",
                f"{row['points_were']:,} {row['asset']}",
                f"{row['points_would_be']:,} {row['asset']}",
                yuan(row["cost_was_fen"]),
                yuan(row["cost_would_be_fen"]),
            )
            for row in found["units"]
        ],
    )
