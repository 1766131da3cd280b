"""The command: each says what it does with an example, and its exit code means something."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer import Typer
from typer.testing import CliRunner

from infra.cli import answer
from infra.cli.main import app
from infra.embedded.home import Home
from infra.embedded.obstacle import Obstacle
from services.points.domain.rulebook import RuleKind


def commands(group: Typer, *path: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Walk down to every command and what it says of itself."""
    for command in group.registered_commands:
        assert command.callback is not None
        yield (*path, command.name or command.callback.__name__), command.callback.__doc__ or ""
    for below in group.registered_groups:
        if below.typer_instance is not None and isinstance(below.name, str):
            yield from commands(below.typer_instance, *path, below.name)


COMMANDS = dict(commands(app))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example_and_says_how_it_ends(path: tuple[str, ...]) -> None:
    said = CliRunner().invoke(app, [*path, "--help"])
    assert said.exit_code == 0
    told = COMMANDS[path]
    assert f"tongfen {' '.join(path)}" in told.partition("Example:")[2]
    assert "Ends with" in told


def test_status_of_nothing_says_so_to_people_and_programs(tmp_path: Path) -> None:
    person = CliRunner().invoke(app, ["status", "--home", str(tmp_path / "none")])
    assert person.exit_code == 3
    assert "Nothing runs" in person.stdout
    program = CliRunner().invoke(app, ["status", "--json", "--home", str(tmp_path / "none")])
    assert program.exit_code == 3
    assert json.loads(program.stdout)["ready"] is False


def test_status_is_not_ready_while_a_part_is_down(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.enter()
    part = {"state": "ready", "process_id": os.getpid(), "address": "a", "restarts": 0, "log": "l"}
    gone = {**part, "process_id": 2**22 + 1}
    ask = ["status", "--json", "--home", str(tmp_path)]
    home.write(home.status, {"state": "ready", "parts": {"one": part}})
    assert CliRunner().invoke(app, ask).exit_code == 0
    home.write(home.status, {"state": "ready", "parts": {"one": part, "two": gone}})
    said = CliRunner().invoke(app, ask)
    home.leave()
    assert said.exit_code == 1
    assert json.loads(said.stdout)["parts"]["two"]["state"] == "down"


@pytest.mark.parametrize(
    "command",
    [
        ["stop"],
        ["token"],
        ["messages"],
        ["month", "list"],
        ["client", "ask", "till-hotel", "/points/v1/units"],
    ],
)
def test_what_needs_a_running_stack_says_that_none_runs(tmp_path: Path, command: list[str]) -> None:
    said = CliRunner().invoke(app, [*command, "--home", str(tmp_path)])
    assert said.exit_code == 3
    assert "Nothing runs" in said.output
    assert not [*tmp_path.iterdir()]


def test_logs_of_an_unknown_part_name_the_known_ones(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.log("postgres").parent.mkdir()
    home.log("postgres").write_text("one\ntwo\nthree\n", encoding="utf-8")
    wrong = CliRunner().invoke(app, ["logs", "nobody", "--home", str(tmp_path)])
    assert wrong.exit_code == 1
    assert "there are postgres" in wrong.output
    right = CliRunner().invoke(app, ["logs", "postgres", "-n", "2", "--home", str(tmp_path)])
    assert right.stdout.split() == ["postgres", "|", "two", "postgres", "|", "three"]


def test_an_unusable_setting_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGFEN_PORT", "many")
    said = CliRunner().invoke(app, ["status"])
    assert said.exit_code == 1
    assert "TONGFEN_PORT is not usable" in said.output


def test_reset_removes_the_state_and_nothing_that_runs(tmp_path: Path) -> None:
    home = Home(tmp_path / "state")
    home.enter()
    arguments = ["reset", "--yes", "--home", str(home.root)]
    assert CliRunner().invoke(app, arguments).exit_code == 1
    home.leave()
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert not home.root.exists()


def test_what_stands_in_the_way_is_said_as_it_is_brackets_included(tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["run", "--profile", "[/x] [red]", "--home", str(tmp_path)])
    assert said.exit_code == 2
    assert said.output.startswith("There is no profile [/x] [red]; there are ")


def test_a_port_that_cannot_be_is_wrong_use(tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["run", "--port", "65536", "--home", str(tmp_path / "state")])
    assert said.exit_code == 2
    assert not (tmp_path / "state").exists()


def test_a_rule_of_no_kind_is_told_the_kinds_there_are(tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["rule", "draft", "foo", "--home", str(tmp_path / "state")])
    assert said.exit_code == 2
    told = said.output.replace("│", "").replace("\n", "")
    assert all(f"'{kind}'" in told for kind in RuleKind), said.output


def test_a_state_that_is_no_folder_is_told_with_a_way_on(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(Obstacle, match=r"Choose another place with TONGFEN_HOME"):
        Home(tmp_path / "state").enter()


@pytest.mark.parametrize("columns", [60, answer.PIPED_COLUMNS])
def test_a_table_keeps_every_letter_on_a_small_terminal_and_every_row_in_a_pipe(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    paper = StringIO()
    monkeypatch.setattr(answer, "out", Console(file=paper, width=columns))
    cells = ("rul_01a21c54057570afa51aaaa97d870000", "2026-10-31T16:00:00+00:00", '{"exempt": ["[/x]"]}')
    answer.tabulate(("id", "from", "terms"), [cells])
    lines = paper.getvalue().splitlines()
    assert max(map(len, lines)) <= columns
    assert sorted("".join(lines).replace(" ", "")) == sorted("idfromterms" + "".join(cells).replace(" ", ""))
    assert len(lines) == 2 or columns == 60


@pytest.mark.parametrize(
    ("fen", "told"), [(0, "0.00"), (-1, "-0.01"), (-150, "-1.50"), (123_456, "1,234.56"), (-100, "-1.00")]
)
def test_an_amount_is_written_in_yuan_whichever_side_owes_it(fen: int, told: str) -> None:
    assert answer.yuan(fen) == told
