"""Many readers at once on one loop: each asks on a connection of its own, and comes again when it is told to.

They share one thread, so what they measure is the service and not each other. Refuses to believe an answer
without a length.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlsplit

from shared.web.signatures import RequestSigner


class Told(NamedTuple):
    """One answer: when it was asked for (monotonic seconds), how long it took, and when to come again."""

    asked_at: float
    status: int
    waited_s: float
    retry_after_s: int | None


@dataclass(slots=True)
class Reader:
    """One reader, the connection it keeps, and all it was told."""

    address: str
    path: str
    signer: RequestSigner
    told: list[Told] = field(default_factory=list)
    _line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def connect(self) -> None:
        """Open the connection."""
        url = urlsplit(self.address)
        self._line = await asyncio.open_connection(url.hostname, url.port)

    async def until_served(self) -> None:
        """Ask until there is an answer, again as soon as each refusal says."""
        while not self.told or self.told[-1].status == 503:
            if self.told:
                await asyncio.sleep(self.told[-1].retry_after_s or 0)
            await self.ask()

    async def ask(self) -> None:
        """Ask once."""
        assert self._line is not None
        reader, writer = self._line
        headers = self.signer.headers("GET", f"{self.address}{self.path}", b"", None)
        lines = [f"GET {self.path} HTTP/1.1", f"Host: {urlsplit(self.address).netloc}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        began = time.monotonic()
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        named = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        await reader.readexactly(int(named["content-length"]))
        again = named.get("retry-after")
        self.told.append(
            Told(began, int(head[0].split()[1]), time.monotonic() - began, int(again) if again else None)
        )

    def hang_up(self) -> None:
        """Close the connection."""
        if self._line is not None:
            self._line[1].close()


async def all_served(readers: Sequence[Reader]) -> None:
    """Let all of them ask at the same moment, each until it is served."""
    await asyncio.gather(*(reader.connect() for reader in readers))
    try:
        await asyncio.gather(*(reader.until_served() for reader in readers))
    finally:
        for reader in readers:
            reader.hang_up()
