"""`tongfen limits`: how far each budget and limit is used, window by window."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from infra.cli.answer import AsJson, AtHome, home_of, show_list
from infra.cli.door import As, StaffDoor


def limits(
    begins: Annotated[
        str | None, typer.Option(help="Only those whose name begins so, such as campaign: or exchange:")
    ] = None,
    who: As = "operator-1",
    home: AtHome = None,
    json: AsJson = False,
) -> None:
    """Say how far each budget and limit is used; a window appears with its first draw.

    Example: tongfen limits --begins exchange:

    Ends with 1 when the group refuses (only operators may ask), 3 when nothing runs.
    """
    query = {"limit": "100", **({"begins": begins} if begins else {})}
    found = StaffDoor(home_of(home), who).get("/points/v1/limits", **query)["data"]
    _show(found, json=json)


def _show(found: list[dict[str, Any]], *, json: bool = False) -> None:
    show_list(
        found,
        ("limit", "window", "used", "left", "of", "alerted"),
        lambda row: (
            *(row["limit"], row["window"], f"{row['used']:,}", f"{row['left']:,}", f"{row['total']:,}"),
            row["alerted_at"] or "",
        ),
        json=json,
        none="Nothing has been drawn yet.",
    )
