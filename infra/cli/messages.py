"""`tongfen messages`: what the embedded carrier was given instead of sending it, sign-in codes above all."""

from __future__ import annotations

from infra.cli.answer import AsJson, AtHome, as_json, home_of, out, tabulate
from infra.cli.door import As, StaffDoor


def messages(who: As = "operator-1", home: AtHome = None, json: AsJson = False) -> None:
    """Show the latest texts to members, the latest first.

    Example: tongfen messages

    Ends with 3 when nothing runs.
    """
    found = StaffDoor(home_of(home), who).get("/member/v1/messages")["data"]
    if json:
        as_json(found)
        return
    if not found:
        out.print("No text has been sent yet.")
        return
    tabulate(("sent", "to", "text"), [(row["sent_at"], row["phone"], row["text"]) for row in found])
