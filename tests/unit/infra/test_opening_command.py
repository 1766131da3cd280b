"""What `tongfen opening` says of a file: lines to a person, to a program one JSON object and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli.main import app

HEADER = "unit,number,points,reference,expires_at\n"
SOUND = "hotel,17,5,R-1,2199-12-31\n"
WRONG = "hotel,17,5,=R-2,2199-12-31\n"
MEND = "Mend the file, then check it again: one with a wrong line is neither announced nor taken.\n"


def said_of(tmp_path: Path, text: str, command: str = "check", *options: str) -> tuple[int, str, str]:
    """Run a command on a file; give exit code, output and what went to the errors."""
    file = tmp_path / "balances.csv"
    file.write_text(text, encoding="utf-8")
    said = CliRunner().invoke(app, ["opening", command, str(file), *options])
    return said.exit_code, said.stdout, said.stderr


def test_a_program_gets_one_object_whatever_is_wrong_with_the_file(tmp_path: Path) -> None:
    for text, code in ((HEADER + SOUND, 0), (HEADER + SOUND + WRONG, 1), (HEADER, 1)):
        ended, told, _ = said_of(tmp_path, text, "check", "--json")
        assert ended == code
        assert isinstance(json.loads(told), dict)
    assert json.loads(said_of(tmp_path, HEADER + SOUND + WRONG, "check", "--json")[1])["faults"] == [
        {"line": 3, "told": "=R-2 would be taken for a formula by a spreadsheet"}
    ]


def test_a_person_reads_the_wrong_lines_and_what_to_do_and_no_sums_that_mean_nothing(tmp_path: Path) -> None:
    code, told, wrong = said_of(tmp_path, HEADER + SOUND + WRONG)
    assert (code, told) == (1, "line 3: =R-2 would be taken for a formula by a spreadsheet\n")
    assert wrong == MEND
    code, told, wrong = said_of(tmp_path, HEADER + SOUND)
    assert (code, wrong) == (0, "")
    assert told.startswith("1 lines with 5 points of hotel, digest ")


@pytest.mark.parametrize("command", ["check", "announce"])
def test_a_file_without_a_line_is_told_as_such(tmp_path: Path, command: str) -> None:
    code, told, wrong = said_of(tmp_path, HEADER, command)
    assert (code, told) == (1, "")
    assert wrong == "The file has no line below the one that names its columns.\n"
