"""The importer's way to the group: signed requests over one kept connection, one after the other.

What may be tried again is tried again with the same key, for a while; anything else that is not a success
stops the replay with one clear sentence. It never retries under a new key and never follows a redirect.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import urlencode

import httpx2
import orjson
import stamina

from infra.asking import AWAY, connection, problem_of

OK, UNAUTHENTICATED, NOT_FOUND, CONFLICT = 200, 401, 404, 409
ALWAYS_LATER = (429, *AWAY)
# A killed service or database is back well within this; whoever waits longer wants to know.
PATIENCE_S = 120.0
ANSWER_TIMEOUT_S = 60.0
# A service hears of a new client by event, a moment after it was registered.
WELCOME_PATIENCE_S = 30.0


class ReplayStopped(Exception):
    """The replay cannot go on; the message says why, for a person."""


class TryAgain(Exception):
    """The other side asks for the same request once more."""


class Unknown(ReplayStopped):
    """The other side does not know this client."""


class Signer(Protocol):
    """Whoever signs requests for a client of the group."""

    def headers(self, method: str, url: str, body: bytes, idempotency_key: str | None) -> dict[str, str]:
        """Sign one request and answer the headers to send with it."""


class Door:
    """One connection to the group's address, as one signing client."""

    def __init__(self, address: str, signer: Signer, patience_s: float = PATIENCE_S) -> None:
        """Prepare to speak to the address, `http://host:port` without a path."""
        self._address = address.rstrip("/")
        self._signer = signer
        self._patience_s = patience_s
        self._client = connection(ANSWER_TIMEOUT_S)

    def __enter__(self) -> Self:
        """Open."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self._client.close()

    def introduce(self, path: str) -> None:
        """Wait until a service knows this client, by reading what it may read.

        :raises ReplayStopped: if it still does not after half a minute.
        """
        for attempt in stamina.retry_context(
            on=Unknown, attempts=None, timeout=WELCOME_PATIENCE_S, wait_initial=0.05, wait_max=0.5
        ):
            with attempt:
                self.get(path)

    def post(self, path: str, body: bytes, key: str) -> Any:
        """Send a write and read its answer, asking again under the same key while that is what helps.

        :raises ReplayStopped: if the answer is not a success.
        """
        return self._asked("POST", path, body, key)

    def ask(self, path: str, body: bytes) -> Any:
        """Put a question that is too long for an address; it changes nothing and needs no key.

        :raises ReplayStopped: if the answer is not a success.
        """
        return self._asked("POST", path, body, None)

    def get(self, path: str, **query: str) -> Any:
        """Read; None where there is nothing.

        :raises ReplayStopped: if the answer is neither a success nor 404.
        """
        asked = f"{path}?{urlencode(query)}" if query else path
        return self._asked("GET", asked, b"", None)

    def _asked(self, method: str, path: str, body: bytes, key: str | None) -> Any:
        """Ask until there is an answer that stands."""
        last: Exception | None = None
        try:
            for attempt in stamina.retry_context(
                on=(TryAgain, httpx2.TransportError),
                attempts=None,
                timeout=self._patience_s,
                wait_initial=0.05,
                wait_max=2.0,
                wait_jitter=0.1,
            ):
                with attempt:
                    return self._once(method, path, body, key)
        except (TryAgain, httpx2.TransportError) as fault:
            last = fault
        raise ReplayStopped(f"{method} {path}: no answer in {self._patience_s:.0f} s ({last})") from last

    def _once(self, method: str, path: str, body: bytes, key: str | None) -> Any:
        """Sign anew, because a signature is good for one attempt, and send."""
        url = f"{self._address}{path}"
        headers = self._signer.headers(method, url, body, key)
        if body:
            headers = {**headers, "Content-Type": "application/json"}
        answer = self._client.request(method, url, content=body or None, headers=headers)
        if answer.is_success:
            return orjson.loads(answer.content)
        if method == "GET" and answer.status_code == NOT_FOUND:
            return None
        problem = problem_of(answer)
        if answer.status_code in ALWAYS_LATER or problem.get("retryable") is True:
            raise TryAgain(f"{answer.status_code} {said(problem)}")
        sentence = f"{method} {path} answered {answer.status_code}: {said(problem)}"
        raise (Unknown if answer.status_code == UNAUTHENTICATED else ReplayStopped)(sentence)


def said(problem: dict[str, Any]) -> str:
    """Give a problem in one line: its code and the sentence that explains it."""
    parts = [str(problem[name]) for name in ("code", "detail", "title") if problem.get(name)]
    return ": ".join(parts[:2]) or "no explanation"
