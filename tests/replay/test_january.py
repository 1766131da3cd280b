"""January of the real purchases through the public doors of a stack, and the independent computation."""

from datetime import date
from pathlib import Path

import pytest

from infra.replay.main import Output
from infra.replay.own_stack import folder_for, replay_in_own_stack
from tests.replay import oracle

EXPECTED = Path(__file__).parent / "expected" / "2017-01-01_2017-02-01.json"

# On a busy machine it takes longer than tests do that compute nothing.
pytestmark = pytest.mark.timeout(300)


def test_january_equals_the_independent_computation_byte_for_byte(tmp_path: Path) -> None:
    first, until = date(2017, 1, 1), date(2017, 2, 1)
    report, picture = tmp_path / "report.json", tmp_path / "settlement.svg"
    folder = folder_for(tmp_path, first, until)
    replay_in_own_stack(first, until, Output(report, picture), folder)
    assert report.read_bytes() == EXPECTED.read_bytes() == oracle.canonical(oracle.compute(first, until))
    assert "付 pays ¥41.84" in picture.read_text(encoding="utf-8")
    assert not folder.exists(), "a replay that ended leaves no books behind"
