"""One request as it arrived, read once. Refuses to believe any address but the one the gateway writes.

The gateway overwrites `X-Client-Address` with the peer it sees; X-Forwarded-For is never read, because
anybody can send it.
"""

import re
from asyncio import timeout
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

from shared.kernel.principal import Principal
from shared.runtime.clock import mint_id
from shared.runtime.traces import Trace, continue_trace
from shared.web.language import chosen_language
from shared.web.strict import TooLarge

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

ADDRESS_HEADER = b"x-client-address"
HEARD_OUT_MAX, HEARD_OUT_S = 16 * 1_048_576, 1.0
"""How many bytes and seconds of a body that is too large are let pass before its sender is cut off."""

_REQUEST_ID = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")


class HungUp(Exception):
    """The caller closed the connection before the body was complete; there is nobody to answer."""


class Arrival:
    """One request: what was sent, and what becomes known about it on the way to its log line.

    `id` names the command it may become; `request_id` is the caller's own id where well-formed, else `id`.
    Header names are lower-case bytes; a header sent twice is joined with a comma and a blank.
    """

    __slots__ = (
        "address",
        "headers",
        "id",
        "language",
        "method",
        "notes",
        "path",
        "principal",
        "query",
        "raw_path",
        "receive",
        "reply_headers",
        "request_id",
        "route",
        "scheme",
        "trace",
    )

    def __init__(self, scope: Scope, receive: Receive) -> None:
        headers: dict[bytes, bytes] = {}
        repeated: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            if name in headers:
                repeated.setdefault(name, [headers[name]]).append(value)
            else:
                headers[name] = value
        # Joined once, at the end: one by one, a megabyte of empty headers takes a quarter of a minute.
        headers.update((name, b", ".join(values)) for name, values in repeated.items())
        self.id = mint_id()
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.raw_path: str = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        self.query: bytes = scope["query_string"]
        self.scheme: str = scope.get("scheme", "http")
        self.headers = headers
        self.receive = receive
        given_id = headers.get(b"x-request-id", b"")
        self.request_id = given_id.decode() if _REQUEST_ID.fullmatch(given_id) else self.id
        self.language = chosen_language(headers.get(b"accept-language", b"").decode("latin-1"))
        self.trace: Trace = continue_trace(self.header(b"traceparent"))
        client = scope.get("client")
        self.address = self.header(ADDRESS_HEADER) or (client[0] if client else "unknown")
        self.route = "unmatched"
        self.principal: Principal | None = None
        self.notes: dict[str, Any] = {}
        self.reply_headers: list[tuple[bytes, bytes]] = []

    def header(self, name: bytes) -> str | None:
        """Give a header's text, or None where it was not sent."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    async def body(self, limit: int) -> bytes:
        """Read the body, whole; chunked or not, never more than the limit in bytes.

        :raises TooLarge: if it says or turns out to be longer.
        :raises HungUp: if the caller left.
        """
        declared = self.headers.get(b"content-length", b"0")
        if declared.isdigit() and int(declared[:20]) > limit:
            await self._hear_out()
            raise TooLarge(limit_bytes=limit)
        chunks: list[bytes] = []
        length = 0
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise HungUp
            chunk: bytes = message.get("body", b"")
            length += len(chunk)
            if length > limit:
                if message.get("more_body", False):
                    await self._hear_out()
                raise TooLarge(limit_bytes=limit)
            if not message.get("more_body", False):
                return chunk if not chunks else b"".join([*chunks, chunk])
            chunks.append(chunk)

    async def _hear_out(self) -> None:
        """Let the rest of the body pass, within bounds: who is cut off in the middle never reads why."""
        left = HEARD_OUT_MAX
        with suppress(TimeoutError):
            async with timeout(HEARD_OUT_S):
                while left > 0:
                    message = await self.receive()
                    left -= len(message.get("body", b""))
                    if not message.get("more_body", False):
                        return
