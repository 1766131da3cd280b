"""`tongfen messages`: what the embedded carrier was given instead of sending it, sign-in codes above all."""

from __future__ import annotations

from infra.cli.answer import AsJson, AtHome, home_of, show_list
from infra.cli.door import As, StaffDoor


def messages(who: As = "operator-1", home: AtHome = None, json: AsJson = False) -> None:
    """Show the latest texts to members, the latest first.

    Example: tongfen messages

    Ends with 3 when nothing runs.
    """
    found = StaffDoor(home_of(home), who).get("/member/v1/messages")["data"]
    show_list(
        found,
        ("sent", "to", "text"),
        lambda row: (row["sent_at"], row["phone"], row["text"]),
        json=json,
        none="No text has been sent yet.",
    )
