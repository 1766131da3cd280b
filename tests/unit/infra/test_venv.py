"""Setup by make: nothing to do when nothing changed, everything anew when nobody knows if it is whole."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from infra import venv

LOCK = """\
typer==0.29.2 \\
    --hash=sha256:aa
uv==0.13.9 \\
    --hash=sha256:bb \\
    --hash=sha256:cc
uvicorn==0.54.0 \\
    --hash=sha256:dd
"""


class Commands:
    """Stands in for the programs that a set-up starts: writes down what was asked, and obeys a little."""

    def __init__(self, checkout: Path) -> None:
        self.asked: list[list[str]] = []
        self.lock_of_uv = ""
        self.fails_at: str | None = None
        self._checkout = checkout

    def run(self, arguments: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        """Obey."""
        self.asked.append(arguments)
        if arguments[1:3] == ["-m", "venv"]:
            (self._checkout / ".venv" / "bin").mkdir(parents=True, exist_ok=True)
            (self._checkout / ".venv" / "lib" / "python3.11" / "site-packages").mkdir(
                parents=True, exist_ok=True
            )
            (self._checkout / ".venv" / "bin" / "python").touch()
        if arguments[-1].endswith("uv.lock"):
            self.lock_of_uv = Path(arguments[-1]).read_text(encoding="utf-8")
        failed = self.fails_at is not None and self.fails_at in arguments[0]
        return subprocess.CompletedProcess(arguments, 1 if failed else 0, "", "")


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    """Make a checkout with a small lock, and no real program."""
    (tmp_path / "requirements.lock").write_text(LOCK, encoding="utf-8")
    stand_in = Commands(tmp_path)
    monkeypatch.setattr(subprocess, "run", stand_in.run)
    return stand_in


def test_uv_comes_out_of_the_same_lock_by_its_hashes(commands: Commands, tmp_path: Path) -> None:
    venv.Setup(tmp_path).make()
    assert commands.lock_of_uv.splitlines() == LOCK.splitlines()[2:5]
    assert all("--require-hashes" in asked for asked in commands.asked if "install" in asked)


def test_nothing_is_done_when_nothing_changed(commands: Commands, tmp_path: Path) -> None:
    venv.Setup(tmp_path).make()
    commands.asked.clear()
    venv.Setup(tmp_path).make()
    assert commands.asked == []


def test_another_lock_is_installed_over_the_old_one(commands: Commands, tmp_path: Path) -> None:
    venv.Setup(tmp_path).make()
    (tmp_path / "requirements.lock").write_text(LOCK.replace("0.29.2", "0.29.3"), encoding="utf-8")
    venv.Setup(tmp_path).make()
    assert not any("--reinstall" in asked for asked in commands.asked[-1:])


def test_a_cut_set_up_is_installed_anew(commands: Commands, tmp_path: Path) -> None:
    commands.fails_at = "/bin/"
    with pytest.raises(SystemExit):
        venv.Setup(tmp_path).make()
    assert not (tmp_path / ".venv" / "tongfen-setup.json").exists()
    commands.fails_at = None
    venv.Setup(tmp_path).make()
    assert "--reinstall" in commands.asked[-1]
    assert (tmp_path / ".venv" / "bin" / "tongfen").stat().st_mode & 0o111


def test_pip_does_it_where_uv_cannot(
    commands: Commands, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.fails_at = "/bin/uv"
    venv.Setup(tmp_path).make()
    assert commands.asked[-1][1:3] == ["-m", "pip"]
    assert str(tmp_path / "requirements.lock") in commands.asked[-1]
    assert "pip does it" in capsys.readouterr().out


def test_uv_is_told_what_this_machine_told_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example/simple")
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    assert venv.environment()["UV_DEFAULT_INDEX"] == "https://index.example/simple"


@pytest.mark.usefixtures("commands")
def test_a_checkout_that_may_not_be_written_is_told_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Root may write anywhere: the answer is given, whoever runs this.
    monkeypatch.setattr(os, "access", lambda _place, _mode: False)
    with pytest.raises(SystemExit):
        venv.Setup(tmp_path).make()
    assert capsys.readouterr().err.startswith(f"{tmp_path} may not be written by this user. Clone it ")
