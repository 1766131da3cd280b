"""Whether a process of ours still answers: asked on a calm rhythm, given up after so many questions in a row.

Of a process that is dead the system tells. One that has hung keeps its share of new connections at a joint
port, and whoever gets there waits. Refuses to measure by the clock alone: time in which nobody asked, because
the machine slept or the supervisor was stopped, is nobody's silence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

QUESTIONS = 5
"""How many questions in a row are left unanswered by a process that has hung."""

Alive = Callable[[float], bool]
"""Asks a process once, for so many seconds at most, and tells whether it is alive."""


@dataclass(slots=True)
class Pulse:
    """The pulse of one part: how often in a row its process has not answered.

    :param patience_s: how long a process may be silent: as long as the questions take all together.
    """

    alive: Alive
    patience_s: float
    _process_id: int | None = field(default=None, repr=False)
    _missed: int = field(default=0, repr=False)

    @property
    def turn_s(self) -> float:
        """Seconds from the beginning of one question to that of the next, and for which one is waited for."""
        return self.patience_s / QUESTIONS

    def has_hung(self, process_id: int | None) -> bool:
        """Ask the process that runs now, and tell whether it has left so many questions in a row unanswered.

        Takes one turn where there is no answer. A process that was not asked before begins anew.

        :param process_id: None where there is nobody to ask.
        """
        if process_id != self._process_id:
            self._process_id, self._missed = process_id, 0
        if process_id is None:
            return False
        self._missed = 0 if self.alive(self.turn_s) else self._missed + 1
        return self._missed >= QUESTIONS
