"""How commands reach the group: over its own HTTP doors, as a person of the staff with a short token.

Refuses to know the database: whatever a command does, an audited door does.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, NoReturn
from uuid import uuid4

import httpx2
import typer

from infra.cli.answer import NOT_RUNNING, give_up
from infra.embedded.home import Home
from infra.embedded.secrets import Secrets
from shared.web.signatures import RequestSigner

As = Annotated[
    str, typer.Option("--as", help="Who acts: operator-1, operator-2 or finance-<unit>.", metavar="WHO")
]

_TIMEOUT_S = 30.0


class StaffDoor:
    """The group's doors as one person of the staff sees them."""

    def __init__(self, home: Home, who: str) -> None:
        self._who = who
        self._secret = Secrets(home.secrets).staff()
        # A proxy of this machine must not stand between us and ourselves.
        self._client = httpx2.Client(
            base_url=_address(home),
            timeout=_TIMEOUT_S,
            trust_env=False,
            headers={"Accept-Language": "en"},
        )

    def token(self) -> str:
        """Get a token of 15 minutes for the person."""
        body = {"subject": self._who, "secret": self._secret}
        answer = self._asked("POST", "/member/v1/staff-tokens", json=body)
        if answer.status_code == httpx2.codes.UNAUTHORIZED:
            give_up(f"Nobody called {self._who} works here.")
        return str(_content(answer)["access_token"])

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """Read."""
        return _content(self._asked("GET", path, params=query, headers=self._proof()))

    def get_text(self, path: str, **query: str) -> str:
        """Read what is not JSON."""
        answer = self._asked("GET", path, params=query, headers=self._proof())
        if answer.is_error:
            _refuse(answer)
        return answer.text

    def post(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Write, under a new idempotency key."""
        headers = {**self._proof(), "Idempotency-Key": str(uuid4())}
        return _content(self._asked("POST", path, json=body or {}, headers=headers))

    def say(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Write where nobody is asked who they are: sign-in."""
        return _content(self._asked("POST", path, json=body))

    def _proof(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token()}"}

    def _asked(self, method: str, path: str, **request: Any) -> httpx2.Response:
        try:
            return self._client.request(method, path, **request)
        except httpx2.TransportError as away:
            give_up(f"The group does not answer ({away}). `tongfen status` shows what is missing.")


def system_reads(home: Home, signer: RequestSigner, path: str) -> str:
    """Read something with a signed request and give it as text."""
    url = f"{_address(home)}{path}"
    headers = {**signer.headers("GET", url), "Accept-Language": "en"}
    with httpx2.Client(timeout=_TIMEOUT_S, trust_env=False) as client:
        answer = client.get(url, headers=headers)
    if answer.is_error:
        _refuse(answer)
    return answer.text


def _address(home: Home) -> str:
    address = home.read(home.status).get("address")
    if not home.is_held() or not address:
        give_up(f"Nothing runs from {home.root}. `make run` starts it.", NOT_RUNNING)
    return str(address)


def _content(answer: httpx2.Response) -> dict[str, Any]:
    if answer.is_error:
        _refuse(answer)
    content: dict[str, Any] = answer.json()
    return content


def _refuse(answer: httpx2.Response) -> NoReturn:
    try:
        problem = answer.json()
    except json.JSONDecodeError:
        problem = {}
    title = problem.get("title", f"HTTP {answer.status_code}")
    detail = problem.get("detail", "")
    give_up(f"{title}. {detail} ({answer.status_code} {problem.get('code', '')})".replace("  ", " "))
