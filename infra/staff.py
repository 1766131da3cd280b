"""A person of the staff at the group's doors: a token for the local secret, JSON in, JSON out.

For seed, benchmark and command line. Waits for a moment where that helps, always under the same key. Refuses
to know the database: whatever it does, an audited door does.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx2

from infra.asking import AWAY, Refused, connection, passed, sent

UNAUTHENTICATED = 401
# A part of the group that starts again is back well within this, and so is the news of a key that signs.
LATER = (UNAUTHENTICATED, *AWAY)
PATIENCE_S = 30.0
LOOK_AGAIN_S = 0.1


class Staff:
    """One subject of the staff, signed in when first needed."""

    def __init__(self, address: str, subject: str, secret: str, patience_s: float = PATIENCE_S) -> None:
        self._who = subject
        self._secret = secret
        self._patience_s = patience_s
        self._token = ""
        self._client = connection(
            base_url=address.rstrip("/"),
            headers={"Accept-Language": "en"},
            # A command asks once or twice and ends: nothing is left open that nobody would close.
            limits=httpx2.Limits(max_keepalive_connections=0),
        )

    def __enter__(self) -> Self:
        """Come in."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up."""
        self._client.close()

    def token(self) -> str:
        """Get a new token of 15 minutes.

        :raises Refused: if nobody of that name works here.
        """
        body = {"subject": self._who, "secret": self._secret}
        answer = sent(self._client, "POST", "/member/v1/staff-tokens", json=body)
        if answer.status_code == UNAUTHENTICATED:
            others = (
                "The demo group has operator-1, operator-2, finance-<unit>; MEMBER_STAFF may name others."
            )
            raise Refused(f"Nobody called {self._who} works here.", others)
        self._token = str(_content(answer)["access_token"])
        return self._token

    def get(self, path: str, **query: str) -> Any:
        """Read.

        :raises Refused: if the door says no.
        """
        return _content(self._asked("GET", path, params=query))

    def get_text(self, path: str, **query: str) -> str:
        """Read what is not JSON.

        :raises Refused: if the door says no.
        """
        return self._asked("GET", path, params=query).text

    def post(self, path: str, body: Any = None, key: str | None = None) -> Any:
        """Write, under the key or a new one.

        :raises Refused: if the door says no.
        """
        headers = {"Idempotency-Key": key or str(uuid4())}
        return _content(self._asked("POST", path, json=body or {}, headers=headers))

    def say(self, path: str, body: Any) -> Any:
        """Write where nobody is asked who they are: sign-in.

        :raises Refused: if the door says no.
        """
        return _content(sent(self._client, "POST", path, json=body))

    def _asked(
        self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any
    ) -> httpx2.Response:
        """Ask as this person, again while the group is on its way up or does not know the token's key yet."""
        give_up_at = time.monotonic() + self._patience_s
        while True:
            proof = {"Authorization": f"Bearer {self._token or self.token()}"}
            answer = sent(self._client, method, path, headers={**(headers or {}), **proof}, **more)
            if answer.status_code not in LATER or time.monotonic() > give_up_at:
                return passed(answer)
            if answer.status_code == UNAUTHENTICATED:
                self._token = ""
            time.sleep(LOOK_AGAIN_S)


def _content(answer: httpx2.Response) -> Any:
    return passed(answer).json()
