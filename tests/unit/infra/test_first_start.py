"""The steps of a first start: each once, and a cut one again."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.embedded.first_start import FirstStep, fill
from infra.embedded.settings import CHECKOUT
from infra.embedded.stack import Stack
from infra.seed.demo import welcome


def test_finished_steps_are_not_repeated_and_a_cut_one_is(tmp_path: Path) -> None:
    done: list[str] = []

    def cut(_: Stack) -> None:
        done.append("half")
        raise ConnectionError("cut")

    first = FirstStep("first", lambda _: done.append("first"))
    stack = Stack(tmp_path)
    with pytest.raises(ConnectionError):
        fill(stack, (first, FirstStep("second", cut)))
    fill(stack, (first, FirstStep("second", lambda _: done.append("second"))))
    fill(stack, (first, FirstStep("second", lambda _: done.append("second"))))
    assert done == ["first", "half", "second"]


@pytest.mark.parametrize(("elsewhere", "told"), [(False, "another terminal:"), (True, "with TONGFEN_HOME=")])
def test_a_newcomer_is_told_where_the_stack_lies_if_commands_would_not_find_it(
    tmp_path: Path, elsewhere: bool, told: str
) -> None:
    report = {"months": [{"month": "2026-10", "receipts": 12_832}]}
    text = welcome(tmp_path if elsewhere else CHECKOUT / ".tongfen", report, ["253"])
    assert told in text
    assert (str(tmp_path) in text) is elsewhere
