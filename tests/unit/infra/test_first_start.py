"""The steps of a first start: each once, and a cut one again."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.embedded.first_start import FirstStep, fill
from infra.embedded.stack import Stack


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
