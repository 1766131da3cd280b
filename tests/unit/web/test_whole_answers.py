"""An answer leaves whole: what one turn of the loop writes is one write of the transport."""

import asyncio
from typing import Any, cast

from shared.web.whole_answers import Joining


class Wire:
    """A transport that remembers what was done with it."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.closing = False

    def write(self, told: bytes) -> None:
        """Remember it."""
        self.done.append(told.decode())

    def close(self) -> None:
        """Remember that it was closed."""
        self.closing = True
        self.done.append("closed")

    def is_closing(self) -> bool:
        """Tell whether it was."""
        return self.closing

    def pause_reading(self) -> None:
        """Remember that it was asked to."""
        self.done.append("paused")


async def _written(turns: list[list[bytes]], *, close: bool = False) -> list[str]:
    wire = Wire()
    joining: Any = Joining(cast(asyncio.Transport, wire), asyncio.get_running_loop())
    joining.pause_reading()
    for turn in turns:
        for told in turn:
            joining.write(told)
        if not close:
            await asyncio.sleep(0)
    if close:
        joining.close()
        joining.write(b"late")
        await asyncio.sleep(0)
    return wire.done


def test_head_and_body_are_one_write_and_two_answers_are_two() -> None:
    assert asyncio.run(_written([[b"head ", b"body"], [b"next"]])) == ["paused", "head body", "next"]


def test_whoever_closes_has_sent_and_sends_nothing_afterwards() -> None:
    assert asyncio.run(_written([[b"head ", b"body"]], close=True)) == ["paused", "head body", "closed"]
