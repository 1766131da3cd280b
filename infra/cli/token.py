"""`tongfen token`: a short token, for curl and the like: a person of the staff's, or a demo member's."""

from __future__ import annotations

import re
import time
from typing import Annotated

import typer

from infra.cli.answer import AsJson, AtHome, as_json, give_up, home_of
from infra.cli.door import As, StaffDoor

_CODE = re.compile(r"\b\d{6}\b")
_PATIENCE_S = 10.0

Phone = Annotated[
    str | None, typer.Option(help="Sign in as the member with this phone, by the code that messages show.")
]


def token(who: As = "operator-1", phone: Phone = None, home: AtHome = None, json: AsJson = False) -> None:
    """Print a token of 15 minutes for a person of the staff, or for a member.

    Example: curl -H "Authorization: Bearer $(tongfen token --as operator-1)" localhost:8080/points/v1/months

    Ends with 1 when nobody of that name works here or no code came, 3 when nothing runs.
    """
    door = StaffDoor(home_of(home), who)
    found = door.token() if phone is None else _signed_in(door, phone)
    if json:
        as_json({"subject": phone or who, "access_token": found})
    else:
        print(found)


def _signed_in(door: StaffDoor, phone: str) -> str:
    """Sign in as a member does: ask for a code, read it from the messages, give it back."""
    before = _latest_text(door, phone)
    door.say("/member/v1/codes", {"phone": phone})
    give_up_at = time.monotonic() + _PATIENCE_S
    while (latest := _latest_text(door, phone)) == before:
        if time.monotonic() > give_up_at:
            give_up(f"No code came for {phone}. `tongfen messages` shows what was sent.")
        time.sleep(0.1)
    code = _CODE.search(latest[1])
    if code is None:
        give_up(f"The latest text to {phone} holds no code: {latest[1]}")
    return str(door.say("/member/v1/sessions", {"phone": phone, "code": code.group()})["access_token"])


def _latest_text(door: StaffDoor, phone: str) -> tuple[str, str]:
    """Give moment and text of the latest message to the phone; empty ones if there is none."""
    texts = [row for row in door.get("/member/v1/messages")["data"] if row["phone"] == phone]
    return (texts[0]["sent_at"], texts[0]["text"]) if texts else ("", "")
