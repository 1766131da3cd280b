"""Ports: taken ones are seen, remembered ones come back, a wished one is that one or none."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from infra.embedded import ports
from infra.embedded.home import Home
from infra.embedded.obstacle import Obstacle
from infra.embedded.port_book import PortBook
from shared.web.serving import joined


@pytest.fixture
def taken() -> Iterator[int]:
    """Hold a port that the stack could have chosen."""
    with socket.socket() as holder:
        holder.bind((ports.LOOPBACK, ports.free_port()))
        holder.listen(1)
        yield holder.getsockname()[1]


Opened = Callable[..., PortBook]


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Open port books in a folder; at the end none holds a port any more."""
    with ExitStack() as ends:

        def open_in(folder: Path, wish: int | None = None) -> PortBook:
            book = PortBook(Home(folder), wish=wish)
            book.open(("member", "points"), gateway=True, joints=("points-joint",))
            ends.callback(book.close)
            return book

        yield open_in


def test_a_taken_port_is_not_free_and_is_open(taken: int) -> None:
    assert not ports.is_free(taken)
    assert ports.is_open(taken)


def test_a_chosen_port_is_free_and_below_those_of_outgoing_connections() -> None:
    port = ports.free_port()
    assert ports.is_free(port)
    assert not ports.is_open(port)
    assert 20_000 <= port < 32_000


def test_the_next_free_port_is_taken_instead(taken: int) -> None:
    assert ports.first_free(taken) > taken


def test_no_port_is_said_so(taken: int) -> None:
    with pytest.raises(ports.NoFreePort):
        ports.first_free(taken, span=1)


def test_a_stack_keeps_its_ports_from_start_to_start(tmp_path: Path, opened: Opened) -> None:
    first = opened(tmp_path)
    first.close()
    second = opened(tmp_path)
    assert {part: first[part] for part in PARTS} == {part: second[part] for part in PARTS}
    assert len({first[part] for part in PARTS}) == len(PARTS)
    assert second.remarks == []


def test_a_remembered_port_that_is_taken_gives_way_and_says_so(tmp_path: Path, opened: Opened) -> None:
    before = opened(tmp_path)
    before.close()
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind((ports.LOOPBACK, before["gateway"]))
        holder.listen(1)
        after = opened(tmp_path)
    assert after["gateway"] != before["gateway"]
    assert str(after["gateway"]) in after.remarks[0]
    assert after["postgres"] == before["postgres"]


def test_a_wished_port_that_is_taken_is_an_obstacle_with_a_way_on(
    tmp_path: Path, taken: int, opened: Opened
) -> None:
    with pytest.raises(Obstacle, match="TONGFEN_PORT") as obstacle:
        opened(tmp_path, wish=taken)
    assert str(taken) in obstacle.value.what


def test_two_stacks_that_start_together_never_share_the_gateways_port(tmp_path: Path, opened: Opened) -> None:
    for name in ("first", "second", "third"):
        (tmp_path / name).mkdir()
    first = opened(tmp_path / "first")
    with pytest.raises(Obstacle, match="TONGFEN_PORT"):
        opened(tmp_path / "second", wish=first["gateway"])
    assert opened(tmp_path / "third")["gateway"] != first["gateway"]
    with socket.socket() as gateway:
        # As the gateway listens; our own may, on the port that is held for it.
        gateway.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        gateway.bind((ports.LOOPBACK, first["gateway"]))
        gateway.listen(1)
        assert ports.is_open(first["gateway"])


def test_two_stacks_of_one_memory_never_answer_at_one_joint_port(tmp_path: Path, opened: Opened) -> None:
    (tmp_path / "first").mkdir()
    first = opened(tmp_path / "first")
    shutil.copytree(tmp_path / "first", tmp_path / "copy")
    # Neither has a process yet: both choose before one of them listens.
    copy = opened(tmp_path / "copy")
    assert copy["points-joint"] != first["points-joint"]
    with joined(ports.LOOPBACK, first["points-joint"]) as one, joined(*one.getsockname()) as other:
        for share in (one, other):
            share.listen(1)
        assert ports.is_open(first["points-joint"])


def test_a_joint_port_is_held_while_nobody_answers_there(tmp_path: Path, opened: Opened) -> None:
    book = opened(tmp_path)
    with socket.socket() as program:
        program.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="in use"):
            program.bind((ports.LOOPBACK, book["points-joint"]))
    book.close()
    with socket.socket() as program:
        program.bind((ports.LOOPBACK, book["points-joint"]))


@pytest.mark.parametrize("part", ["postgres", "kafka", "kafka-controller", "member", "points"])
def test_nobody_chooses_the_port_of_a_part_that_is_started_again(
    tmp_path: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    book = opened(tmp_path)
    drawn = count(book[part])
    monkeypatch.setattr("infra.embedded.ports.random.randint", lambda *_: next(drawn))
    # The part is down: nobody listens, and nobody else may get the port before it is back.
    assert ports.free_port() > book[part]
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind((ports.LOOPBACK, book[part]))
        again.listen(1)
        assert ports.is_open(book[part])
    book.close()
    assert not ports.is_claimed(book[part])


PARTS = ("gateway", "postgres", "kafka", "kafka-controller", "member", "points", "points-joint")
