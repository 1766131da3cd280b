"""Answers that leave whole: head and body in one write, so that nobody is left with half of one.

The server writes an answer's head, then its body. Between the two another thread may run for milliseconds,
and a process that is killed there leaves a head without a body: nobody can tell from it what became of it.
One that is larger than the socket's buffer still leaves in parts. Refuses to hold anything longer than one
turn of the loop.
"""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class Joining:
    """A transport that sends at once what was written in one turn of the loop; else it is that transport."""

    __slots__ = ("_held", "_loop", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []

    def write(self, told: bytes) -> None:
        """Keep it until this turn of the loop is over."""
        if not self._held:
            self._loop.call_soon(self.flush)
        self._held.append(told)

    def close(self) -> None:
        """Send what is kept, then close."""
        self.flush()
        self._transport.close()

    def flush(self) -> None:
        """Send what is kept now."""
        held, self._held = self._held, []
        if held and not self._transport.is_closing():
            self._transport.write(held[0] if len(held) == 1 else b"".join(held))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class WholeAnswers(HttpToolsProtocol):
    """The server's protocol on a transport that joins."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a new connection."""
        super().connection_made(cast(asyncio.Transport, Joining(transport, self.loop)))

    def eof_received(self) -> None:
        """Send what is kept before the loop closes the connection of a caller who will say no more."""
        cast(Joining, self.transport).flush()
        super().eof_received()
