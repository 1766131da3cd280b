"""The batch door hands nothing in behind an item that must be asked again, so nobody overtakes themselves."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

from services.points.api.batches import obeyed_in_order
from services.points.commands.earn_points import EarnPoints
from services.points.domain.redemption import InsufficientPoints
from shared.kernel.command import Answer
from shared.kernel.refusal import OutcomeUnknown
from shared.runtime.desk import DeskLimits


class ScriptedDesk:
    """Answers each batch it is handed from a list, and remembers what it was handed."""

    limits = DeskLimits(batch=2)

    def __init__(self, *script: Answer) -> None:
        self.script = list(script)
        self.handed: list[int] = []

    async def ask_all(self, commands: Sequence[Any], patience_s: float) -> list[Answer]:
        """Give everybody of the batch the next answer."""
        self.handed.append(len(commands))
        return [self.script.pop(0)] * len(commands)


def answers_of(desk: ScriptedDesk, count: int) -> list[Answer]:
    """Send that many commands through the door's order."""
    commands = [cast(EarnPoints, object())] * count
    return asyncio.run(obeyed_in_order(cast(Any, desk), commands))


def test_after_an_unknown_outcome_later_items_are_asked_to_come_again() -> None:
    desk = ScriptedDesk(Answer(json=b"{}"), Answer(refusal=OutcomeUnknown()), Answer(json=b"{}"))
    answers = answers_of(desk, 5)
    assert desk.handed == [2, 2]
    assert [answer.refusal is None or answer.refusal.retryable for answer in answers] == [True] * 5
    assert [answer.json for answer in answers] == [b"{}", b"{}", None, None, None]


def test_a_no_of_the_business_or_a_defect_holds_nobody_back() -> None:
    desk = ScriptedDesk(Answer(refusal=InsufficientPoints()), Answer(), Answer(json=b"{}"))
    answers = answers_of(desk, 5)
    assert desk.handed == [2, 2, 1]
    assert answers[-1].json == b"{}"
