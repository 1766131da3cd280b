"""`tongfen adjust`: points given or taken back by hand, asked for by one person and decided by another."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from infra.cli.answer import AsJson, AtHome, as_json, give_up, home_of, out, tabulate
from infra.cli.door import As, StaffDoor

app = typer.Typer(
    no_args_is_help=True, help="Give points by hand or take them back: one person asks, another decides."
)

_DOORS = {"grt": "grants", "ded": "deductions"}
_NOUNS = {"grants": "grant", "deductions": "deduction"}

Unit = Annotated[str, typer.Argument(help="The unit whose points they are: hotel, group …")]
Points = Annotated[int, typer.Argument(help="How many points.")]
Reason = Annotated[str, typer.Option(help="Why, in 4 to 200 characters; the other person reads it.")]
Number = Annotated[str | None, typer.Option(help="Whose points: a member number of that unit …")]
Member = Annotated[str | None, typer.Option(help="… or a member, mem_…")]
RequestId = Annotated[str, typer.Argument(help="The request's id, grt_… or ded_…")]
State = Annotated[str, typer.Option(help="open, approved, rejected or all.")]


@app.command()
def grant(
    unit: Unit,
    points: Points,
    reason: Reason,
    number: Number = None,
    member: Member = None,
    who: As = "operator-1",
    home: AtHome = None,
    json: AsJson = False,
) -> None:
    """Ask for points to be given at a unit's cost; nothing moves until another person approves.

    Example: tongfen adjust grant hotel 500 --number 17 --reason "night without hot water" --as finance-hotel

    Ends with 1 when the group refuses, 2 when it is not said whose, 3 when nothing runs.
    """
    _ask("grants", StaffDoor(home_of(home), who), _wish(unit, points, reason, number, member), json)


@app.command()
def deduct(
    unit: Unit,
    points: Points,
    reason: Reason,
    number: Number = None,
    member: Member = None,
    who: As = "operator-1",
    home: AtHome = None,
    json: AsJson = False,
) -> None:
    """Ask for a unit's points to be taken back; nothing moves until another person approves.

    Example: tongfen adjust deduct hotel 500 --number 17 --reason "brought in twice" --as finance-hotel

    Ends with 1 when the group refuses, 2 when it is not said whose, 3 when nothing runs.
    """
    _ask("deductions", StaffDoor(home_of(home), who), _wish(unit, points, reason, number, member), json)


@app.command(name="list")
def list_requests(
    state: State = "open", who: As = "operator-1", home: AtHome = None, json: AsJson = False
) -> None:
    """List what was asked for, the latest hundred of each kind; finance sees its own unit's.

    Example: tongfen adjust list --state all --as finance-hotel

    Ends with 1 when there is no such state, 3 when nothing runs.
    """
    door = StaffDoor(home_of(home), who)
    found = {kind: door.get(f"/points/v1/{kind}", state=state, limit="100")["data"] for kind in _NOUNS}
    if json:
        as_json(found)
        return
    rows = [(row[_NOUNS[kind]], row) for kind, listed in found.items() for row in listed]
    if not rows:
        out.print("Nothing is open." if state == "open" else "There is none.")
        return
    tabulate(
        ("id", "unit", "points", "whose", "asked by", "state", "decided by", "reason"),
        [
            (
                *(id_, row["unit"], f"{row['points']:,}", _named(row["receiver"]), row["asked_by"]),
                *(row["state"], row["decided_by"] or "", row["reason"]),
            )
            for id_, row in rows
        ],
    )


@app.command()
def approve(request: RequestId, who: As = "operator-2", home: AtHome = None, json: AsJson = False) -> None:
    """Approve another person's request: points are given, or taken back, at once.

    Example: tongfen adjust approve grt_01jd… --as operator-2

    Ends with 1 when the group refuses (the same person twice is refused), 3 when nothing runs.
    """
    found = StaffDoor(home_of(home), who).post(f"/points/v1/{_door_of(request)}/{request}/approve")
    if json:
        as_json(found)
    else:
        done = "given" if "grant" in found else "taken back"
        out.print(f"{found['points']:,} {found['asset']} of {found['unit']} {done}: {found['journal']}.")


@app.command()
def reject(
    request: RequestId, reason: Reason, who: As = "operator-2", home: AtHome = None, json: AsJson = False
) -> None:
    """Reject a request, or withdraw one's own.

    Example: tongfen adjust reject grt_01jd… --reason "not our guest" --as operator-2

    Ends with 1 when the group refuses, 3 when nothing runs.
    """
    path = f"/points/v1/{_door_of(request)}/{request}/reject"
    found = StaffDoor(home_of(home), who).post(path, {"reason": reason})
    if json:
        as_json(found)
    else:
        out.print("Rejected; nothing has moved.")


def _wish(unit: str, points: int, reason: str, number: str | None, member: str | None) -> dict[str, Any]:
    if (number is None) == (member is None):
        give_up("Say whose points: either --number, of that unit, or --member.", code=2)
    receiver = {"member": member} if number is None else {"unit": unit, "number": number}
    return {"receiver": receiver, "unit": unit, "points": points, "reason": reason}


def _ask(kind: str, door: StaffDoor, wish: dict[str, Any], json: bool) -> None:
    found = door.post(f"/points/v1/{kind}", wish)
    if json:
        as_json(found)
    else:
        id_ = found[_NOUNS[kind]]
        out.print(f"Asked for: {id_}. Another person approves it: tongfen adjust approve {id_}")


def _door_of(request: str) -> str:
    kind = _DOORS.get(request.partition("_")[0])
    if kind is None:
        give_up(f"{request} is no request: its id begins with grt_ or ded_, as tongfen adjust list shows.", 2)
    return kind


def _named(receiver: dict[str, Any]) -> str:
    return receiver.get("member") or f"{receiver['unit']} {receiver['number']}"
