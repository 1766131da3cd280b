"""A whole replay against the stand-in: what lies on the disk and on the screen at its end."""

import io
import json
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from infra.replay.main import Output, replay
from tests.replay.stand_in import NoSignature, StandIn, serving

EXPECTED = Path(__file__).parent / "expected" / "2017-01-01_2017-02-01.json"


def test_report_picture_and_table_tell_the_same_month(tmp_path: Path) -> None:
    output = Output(tmp_path / "out" / "report.json", tmp_path / "out" / "settlement.svg")
    shown = io.StringIO()
    with serving(StandIn()) as address:
        screen = Console(file=shown, width=140)
        report = replay(address, NoSignature(), date(2017, 1, 1), date(2017, 2, 1), output, screen=screen)
    assert output.report is not None
    assert output.report.read_bytes() == EXPECTED.read_bytes()
    assert report == json.loads(EXPECTED.read_bytes())
    assert output.picture is not None
    assert "付 pays ¥41.84" in output.picture.read_text(encoding="utf-8")
    assert "residential ¥41.84" in shown.getvalue()


@pytest.mark.parametrize(
    ("first", "until"),
    [
        (date(2017, 1, 2), date(2017, 2, 1)),
        (date(2017, 2, 1), date(2017, 2, 1)),
        (date(2016, 12, 1), date(2017, 2, 1)),
        (date(2017, 12, 1), date(2018, 2, 1)),
    ],
)
def test_a_range_that_is_not_whole_months_of_2017_is_refused_at_once(first: date, until: date) -> None:
    with pytest.raises(ValueError):
        replay("http://127.0.0.1:9", NoSignature(), first, until, Output())
