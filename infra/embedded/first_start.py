"""What a first start puts into an empty stack. A step is done once; a cut start goes on where it was.

Refuses to know what the steps are: whoever starts a stack hands them in (infra/seed/demo.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from infra.embedded.stack import Stack


@dataclass(frozen=True, slots=True)
class FirstStep:
    """One thing to do in an empty stack; the person reads `name`; `work` may be repeated after a cut."""

    name: str
    work: Callable[[Stack], None]


def fill(stack: Stack, steps: Sequence[FirstStep]) -> None:
    """Do the steps of a first start that were not finished yet, in order."""
    done = stack.home.read(stack.home.first_start)
    for step in steps:
        if done.get(step.name) != "done":
            with stack.steps.step(step.name):
                step.work(stack)
            done[step.name] = "done"
            stack.home.write(stack.home.first_start, done)
