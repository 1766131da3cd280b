"""The folder of a stack: one supervisor at a time, secrets for its owner alone, nothing foreign removed."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from infra.embedded.home import AlreadyRunning, Home
from infra.embedded.obstacle import Obstacle
from infra.embedded.secrets import Secrets

Usage = namedtuple("Usage", "total used free")


def test_a_second_supervisor_is_refused_until_the_first_has_left(tmp_path: Path) -> None:
    first, second = Home(tmp_path), Home(tmp_path)
    first.enter()
    assert second.is_held()
    with pytest.raises(AlreadyRunning):
        second.enter()
    first.leave()
    assert not second.is_held()
    second.enter()
    second.leave()


def test_a_nearly_full_disk_is_one_line_with_a_way_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 1000))
    home = Home(tmp_path)
    with pytest.raises(Obstacle, match="TONGFEN_HOME"):
        home.enter()
    home.leave()


def test_a_state_file_that_was_cut_counts_as_none(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.status.write_text('{"state": "rea', encoding="utf-8")
    assert home.read(home.status) == {}


def test_a_folder_in_use_or_of_somebody_else_is_not_removed(tmp_path: Path) -> None:
    mine, foreign = Home(tmp_path / "mine"), Home(tmp_path / "foreign")
    foreign.root.mkdir()
    (foreign.root / "letter.txt").touch()
    with pytest.raises(Obstacle):
        foreign.remove()
    mine.enter()
    with pytest.raises(AlreadyRunning):
        Home(mine.root).remove()
    mine.leave()
    mine.remove()
    assert not mine.root.exists()
    assert foreign.root.exists()


def test_secrets_are_made_once_and_readable_by_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    made = Secrets(path).of("postgres.points_desk")
    assert len(made) >= 40
    assert Secrets(path).of("postgres.points_desk") == made
    assert Secrets(path).of("postgres.points_owner") != made
    assert path.stat().st_mode & 0o777 == 0o600
    assert not Secrets(path).known("postgres.member_desk")
