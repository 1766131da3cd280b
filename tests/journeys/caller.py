"""Somebody at the group's one address: a member, a person of the staff, a system, or nobody in particular.

Refuses to understand answers: what came back is the test's to judge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2
import orjson

from shared.web.signatures import RequestSigner

Proof = Callable[[str, str, bytes, str | None], dict[str, str]]
"""Gives the headers that prove who asks: method, whole address, body, idempotency key."""

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def fresh_key() -> str:
    """Draw an idempotency key that nobody used."""
    return uuid4().hex


def by_token(token: str) -> Proof:
    """Prove by a bearer token."""

    def prove(_method: str, _url: str, _body: bytes, key: str | None) -> dict[str, str]:
        kept = {} if key is None else {"Idempotency-Key": key}
        return {**kept, "Authorization": f"Bearer {token}"}

    return prove


def by_signature(signer: RequestSigner) -> Proof:
    """Prove by a signature over the request."""
    return signer.headers


def by_nothing(_method: str, _url: str, _body: bytes, key: str | None) -> dict[str, str]:
    """Prove nothing."""
    return {} if key is None else {"Idempotency-Key": key}


@dataclass(frozen=True)
class Caller:
    """One caller at one address; `facts` are what a test remembers of them (member id, refresh token)."""

    address: str
    web: httpx2.Client
    prove: Proof = by_nothing
    facts: Mapping[str, Any] = field(default_factory=dict)

    def send(
        self, method: str, path: str, content: bytes = b"", key: str | None = None, **headers: str
    ) -> httpx2.Response:
        """Send bytes as they are; names of headers are written with underscores."""
        url = f"{self.address}{path}"
        sent = {"Content-Type": "application/json"} if method in WRITES else {}
        sent |= self.prove(method, url, content, key)
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.web.request(method, url, content=content if method in WRITES else None, headers=sent)

    def post(self, path: str, body: object = None, key: str | None = None, **headers: str) -> httpx2.Response:
        """Send a write under the given key, else under one that nobody used."""
        content = orjson.dumps({} if body is None else body)
        return self.send("POST", path, content, key or fresh_key(), **headers)

    def get(self, path: str, **headers: str) -> httpx2.Response:
        """Ask a question."""
        return self.send("GET", path, b"", None, **headers)

    def at(self, address: str) -> Caller:
        """Be the same at another address, for example behind the gateway."""
        return Caller(address, self.web, self.prove, self.facts)
