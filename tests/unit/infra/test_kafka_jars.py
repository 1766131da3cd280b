"""Kafka's jars: whole and listed, or thrown away."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.embedded import kafka_jars
from infra.embedded.obstacle import Obstacle

CONTENT = {"broker.jar": b"b" * 5000, "clients.jar": b"c" * 300}


@pytest.fixture(autouse=True)
def small_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """List two small jars instead of Kafka's 46."""
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}" for name, content in CONTENT.items()]
    path = tmp_path / "list.sha256"
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
    monkeypatch.setattr(kafka_jars, "LIST", path)


def arriving(content: dict[str, bytes]) -> Callable[[Path], None]:
    """Stand in for the public repository."""

    def fetch(folder: Path) -> None:
        (folder / "jars").mkdir()
        for name, text in content.items():
            (folder / "jars" / name).write_bytes(text)

    return fetch


def test_whole_jars_are_kept_and_not_fetched_again(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    folder = kafka_jars.jars(cache, arriving(CONTENT))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENT

    def refuse(_: Path) -> None:
        raise AssertionError("fetched twice")

    assert kafka_jars.jars(cache, refuse) == folder


def test_a_cut_download_is_fetched_again(tmp_path: Path) -> None:
    attempts = [{**CONTENT, "broker.jar": b"b" * 17}, CONTENT]
    folder = kafka_jars.jars(tmp_path / "cache", lambda place: arriving(attempts.pop(0))(place))
    assert attempts == []
    assert (folder / "broker.jar").read_bytes() == CONTENT["broker.jar"]


@pytest.mark.parametrize(
    ("arrived", "named"),
    [
        ({**CONTENT, "broker.jar": b""}, "broker.jar differs"),
        ({"clients.jar": CONTENT["clients.jar"]}, "broker.jar is missing"),
        ({**CONTENT, "other.jar": b"x"}, "other.jar is not on the committed list"),
    ],
)
def test_what_never_arrives_whole_leaves_nothing_behind(
    tmp_path: Path, arrived: dict[str, bytes], named: str
) -> None:
    cache = tmp_path / "cache"
    with pytest.raises(Obstacle, match=named):
        kafka_jars.jars(cache, arriving(arrived))
    assert [path.name for path in cache.iterdir()] == ["fetch.lock"]
    assert kafka_jars.jars(cache, arriving(CONTENT)).is_dir()


def test_a_network_that_is_away_is_one_line_with_a_way_on(tmp_path: Path) -> None:
    def away(_: Path) -> None:
        raise ConnectionError("nobody answers")

    with pytest.raises(Obstacle, match=r"nobody answers.*Check the network"):
        kafka_jars.jars(tmp_path / "cache", away)


def test_a_full_disk_is_called_a_full_disk(tmp_path: Path) -> None:
    def full(folder: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(folder))

    with pytest.raises(Obstacle, match="full"):
        kafka_jars.jars(tmp_path / "cache", full)


def test_what_a_killed_start_left_is_swept_away(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    (cache / "fetching-1" / "download").mkdir(parents=True)
    folder = kafka_jars.jars(cache, arriving(CONTENT))
    assert sorted(path.name for path in cache.iterdir()) == ["fetch.lock", folder.name]


def test_the_committed_list_names_46_jars() -> None:
    path = Path(kafka_jars.__file__).with_name("kafka_jars.sha256")
    lines = path.read_text(encoding="ascii").splitlines()
    assert len(lines) == 46
    assert all(len(digest) == 64 and name.endswith(".jar") for digest, name in map(str.split, lines))
