"""Keeps the crowd in points: nobody measures how fast a redemption is refused."""

from __future__ import annotations

from infra.bench.crowd import Crowd, books, give_lots
from infra.bench.filling import settle_down
from infra.embedded.stack import Stack

RESERVE = 15_000
"""More redemptions than two seconds of the fastest machine take."""


class Supply:
    """How many redemptions the crowd can still pay for, all together; lots are given before they run out."""

    def __init__(self, stack: Stack, crowd: Crowd) -> None:
        self._stack = stack
        self._crowd = crowd
        self._left = crowd.members * crowd.redemptions
        self._times = 0

    def secure(self) -> None:
        """Have enough for one more run."""
        # Members take turns, yet some are a turn ahead of others.
        if self._left < RESERVE + self._crowd.members:
            self._times += 1
            give_lots(self._stack, f"supply{self._times}", self._crowd.redemptions)
            # A hundred thousand rows at once call for housekeeping, which would fall into what is measured.
            settle_down(books(self._stack))
            self._left += self._crowd.members * self._crowd.redemptions

    def took(self, redemptions: int) -> None:
        """Note what a run has used."""
        self._left -= redemptions

    def give_up(self) -> None:
        """Count on nothing that is left: nobody knows what a run used that failed."""
        self._left = 0
