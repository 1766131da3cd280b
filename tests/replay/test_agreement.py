"""The comparison says yes only to the very bytes, and otherwise where the two sides part."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

EXPECTED = Path(__file__).parent / "expected" / "2017-01-01_2017-02-01.json"
CHECKOUT = Path(__file__).parents[2]


def compared(report: Path) -> subprocess.CompletedProcess[str]:
    """Compare a report as `make replay` does."""
    return subprocess.run(
        [sys.executable, "-m", "tests.replay.agreement", str(report)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_committed_report_agrees() -> None:
    said = compared(EXPECTED)
    assert (said.returncode, "12,832 receipts" in said.stdout) == (0, True)


@pytest.mark.parametrize("spaced", [True, False])
def test_one_fen_or_one_space_too_much_is_named(tmp_path: Path, spaced: bool) -> None:
    report = json.loads(EXPECTED.read_bytes())
    if not spaced:
        report["months"][0]["owed_fen"]["hotel"]["office"] += 1
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps(report))
    said = compared(wrong)
    assert said.returncode == 1
    expected = "written differently" if spaced else "months[0].owed_fen.hotel.office: 917 instead of 916"
    assert expected in said.stdout
