"""How commands reach the group: over its own HTTP doors, as a person of the staff or as a system.

Refuses to know the database: whatever a command does, an audited door does.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from infra.asking import connection, passed, sent
from infra.cli.answer import NOT_RUNNING, give_up
from infra.embedded.home import Home
from infra.embedded.secrets import Secrets
from infra.staff import PATIENCE_S, Staff
from shared.web.signatures import RequestSigner

As = Annotated[
    str, typer.Option("--as", help="Who acts: operator-1, operator-2 or finance-<unit>.", metavar="WHO")
]


# What stands in a URL as it is; anything else that a person types, a blank or Chinese, is encoded for them.
_PLAIN = "%/?&=:,;+@!$'()*~"


class StaffDoor(Staff):
    """The doors of the stack in a folder as one person of the staff sees them."""

    def __init__(self, home: Home, who: str, patience_s: float = PATIENCE_S) -> None:
        super().__init__(address_of(home), who, Secrets(home.secrets).staff(), patience_s)


def system_reads(home: Home, signer: RequestSigner, path: str) -> str:
    """Read something with a signed request and give it as text.

    :raises Refused: if the door says no.
    :raises Silent: if nobody answers.
    """
    url = _url(home, path)
    return _signed("GET", url, None, signer.headers("GET", url))


def system_writes(home: Home, signer: RequestSigner, path: str, body: bytes, key: str) -> str:
    """Send something with a signed request under an idempotency key and give the answer as text.

    :raises Refused: if the door says no.
    :raises Silent: if nobody answers.
    """
    url = _url(home, path)
    headers = {**signer.headers("POST", url, body, key), "Content-Type": "application/json"}
    return _signed("POST", url, body, headers)


def _signed(method: str, url: str, body: bytes | None, headers: dict[str, str]) -> str:
    with connection() as client:
        asked = {**headers, "Accept-Language": "en"}
        return passed(sent(client, method, url, content=body, headers=asked)).text


def _url(home: Home, path: str) -> str:
    """Compose what is signed and asked; the command ends where that would be no path of the group's."""
    if not path.startswith("/"):
        give_up(f"{path} is no path: it begins with /points/v1/ or /member/v1/.", code=2)
    return f"{address_of(home)}{quote(path, safe=_PLAIN)}"


def address_of(home: Home) -> str:
    """Give the one address of the stack in a folder; the command ends where nothing runs there."""
    address = home.read(home.status).get("address")
    if not home.is_held() or not address:
        give_up(f"Nothing runs from {home.root}. `make run` starts it.", NOT_RUNNING)
    return str(address)
