"""A person of the staff at the doors: a token from the local secret, JSON in, JSON out.

Refuses to retry what was answered; it waits only while the group does not know the token's key yet.
"""

from __future__ import annotations

import time
from typing import Any

import httpx2

UNAUTHENTICATED, AWAY = 401, 503
PATIENCE_S = 30.0
LOOK_AGAIN_S = 0.1


class Refused(Exception):
    """A door said no; the message says why, for a person."""


class Operator:
    """One subject of the staff, signed in."""

    def __init__(self, address: str, subject: str, secret: str) -> None:
        self._client = httpx2.Client(base_url=address.rstrip("/"), timeout=30.0, trust_env=False)
        answer = self._client.post("/member/v1/staff-tokens", json={"subject": subject, "secret": secret})
        token = _read(answer)["access_token"]
        self._client.headers["Authorization"] = f"Bearer {token}"

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def post(self, path: str, body: Any, key: str) -> Any:
        """Send a write under its key.

        :raises Refused: if the door says no.
        """
        return self._asked("POST", path, json=body, headers={"Idempotency-Key": key})

    def get(self, path: str, **query: str) -> Any:
        """Read.

        :raises Refused: if the door says no.
        """
        return self._asked("GET", path, params=query)

    def _asked(self, method: str, path: str, **request: Any) -> Any:
        give_up_at = time.monotonic() + PATIENCE_S
        while True:
            answer = self._client.request(method, path, **request)
            # A service hears of a new signing key by event: a moment after the token exists.
            if answer.status_code not in (UNAUTHENTICATED, AWAY) or time.monotonic() > give_up_at:
                return _read(answer)
            time.sleep(LOOK_AGAIN_S)


def _read(answer: httpx2.Response) -> Any:
    if answer.is_success:
        return answer.json()
    raise Refused(f"{answer.request.url.path} answered {answer.status_code}: {answer.text[:300]}")
