"""Signs the crowd in as people do: a code by phone each, a hundred at a time because that many texts are
shown.
"""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2

from infra.bench.crowd import Crowd, phone_of
from infra.embedded.stack import Stack
from infra.staff import Staff

WAVE = 100
GOOD_FOR_S = 600.0
"""A token is good for a quarter of an hour; whoever measures with it must be done by then."""
PATIENCE_S = 60.0
_CODE = re.compile(r"\b\d{6}\b")


class Tokens:
    """The crowd's tokens as a file, one a line; signed in again before they end."""

    def __init__(self, stack: Stack, crowd: Crowd, place: Path) -> None:
        self._stack = stack
        self._crowd = crowd
        self._place = place
        self._good_until = 0.0

    @property
    def members(self) -> int:
        """How many members have a token."""
        return self._crowd.members

    def file(self) -> str:
        """Give the file, its tokens good for a few minutes at least."""
        if time.monotonic() > self._good_until:
            write_tokens(self._stack, self._crowd, self._place)
            self._good_until = time.monotonic() + GOOD_FOR_S
        return str(self._place)


def write_tokens(stack: Stack, crowd: Crowd, place: Path) -> Path:
    """Sign the crowd in and write one access token a line (0600: they are good for a quarter of an hour).

    :raises TimeoutError: if the texts do not come.
    """
    tokens: list[str] = []
    with (
        Staff(stack.address, "operator-1", stack.secrets.staff()) as operator,
        httpx2.Client(base_url=stack.services["member"], timeout=30.0, trust_env=False) as client,
        ThreadPoolExecutor(8) as pool,
    ):
        for first in range(0, crowd.members, WAVE):
            phones = [phone_of(member) for member in range(first, min(first + WAVE, crowd.members))]
            list(pool.map(lambda phone: _ask_code(client, phone), phones))
            codes = _codes(operator, phones)
            tokens += pool.map(lambda pair: _sign_in(client, *pair), codes.items())
    place.touch(mode=0o600)
    place.write_text("".join(f"{token}\n" for token in tokens), encoding="ascii")
    return place


def _ask_code(client: httpx2.Client, phone: str) -> None:
    client.post("/member/v1/codes", json={"phone": phone}).raise_for_status()


def _codes(operator: Staff, phones: list[str]) -> dict[str, str]:
    give_up_at = time.monotonic() + PATIENCE_S
    while True:
        shown = {row["phone"]: row["text"] for row in operator.get("/member/v1/messages")["data"]}
        found = {phone: _CODE.search(shown[phone]) for phone in phones if phone in shown}
        codes = {phone: code.group() for phone, code in found.items() if code is not None}
        if len(codes) == len(phones):
            return codes
        if time.monotonic() > give_up_at:
            raise TimeoutError(f"{len(phones) - len(codes)} texts did not come")
        time.sleep(0.05)


def _sign_in(client: httpx2.Client, phone: str, code: str) -> str:
    answer = client.post("/member/v1/sessions", json={"phone": phone, "code": code})
    answer.raise_for_status()
    return str(answer.json()["access_token"])
