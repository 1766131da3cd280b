"""Threads for handlers that block: as many as the reader has connections, and nobody waits long for one.

Who waits for a thread waits on the event loop and costs nothing. Refuses to let anybody wait for a thread
and then for a connection: whoever gets the one finds the other free.
"""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE_S = 1.0
"""How long a request waits for its thread before it is told to come again. Source: F14, a no within 2 s,
of which the lock that a reader may wait for has 0.75 s and the machine the rest.
"""


class Threads:
    """So many threads, handed out in the order in which requests came."""

    def __init__(self, count: int = 8, patience_s: float = PATIENCE_S) -> None:
        self._free = asyncio.Semaphore(count)
        self._limiter = CapacityLimiter(count)
        self._patience_s = patience_s

    async def run(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Call a function that blocks, in a thread of its own.

        :raises TimeoutError: if none became free in time: an outage, answered 503.
        """
        async with asyncio.timeout(self._patience_s):
            await self._free.acquire()
        try:
            return await to_thread.run_sync(lambda: function(*arguments, **named), limiter=self._limiter)
        finally:
            self._free.release()
