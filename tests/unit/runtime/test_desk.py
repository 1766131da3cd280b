"""The desk without a database: who is served, who waits, who is told to come again, and in which order."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from psycopg2 import IntegrityError, errors

from shared.kernel.command import Answer, Outcome
from shared.runtime.batch_report import BatchReport
from shared.runtime.desk import BUSY_FROM, Desk, DeskLimits
from shared.runtime.stretch import Stretch
from tests.unit.runtime.small_shop import DECISIONS, POISON, Boxes, Fill, Shelf, asked, until


class _Wire:
    """A connection to nothing, which can break."""

    def __init__(self, commit: Callable[[], object]) -> None:
        self.closed = 0
        self._commit = commit

    def cursor(self) -> "_Wire":
        return self

    def __enter__(self) -> "_Wire":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def commit(self) -> None:
        self._commit()

    def rollback(self) -> None:
        return None

    def close(self) -> None:
        self.closed = 1


Report = list[BatchReport]


@contextmanager
def open_desk(
    shelf: Shelf,
    limits: DeskLimits | None = None,
    commit: Callable[[], object] = lambda: None,
    reached: Callable[[str], None] = lambda _: None,
) -> Iterator[Desk[Boxes]]:
    """Open a desk on the shelf; it is closed at the end."""
    wires: Any = lambda: _Wire(commit)  # noqa: E731 (a connection that psycopg2's types do not know)
    desk = Desk(shelf, DECISIONS, wires, limits or DeskLimits(), reached=reached)
    desk.start()
    yield desk
    desk.stop()


def codes(answers: list[Answer]) -> list[str]:
    """Give `ok`, `defect` or the refusal's code of each answer."""
    return [one.refusal.code if one.refusal else "defect" if one.json is None else "ok" for one in answers]


def test_answers_come_in_the_order_of_the_commands_and_nothing_asked_is_nothing_answered() -> None:
    with open_desk(Shelf()) as desk:
        answers = desk.obey_all([Fill(asked(str(one)), "a", 1) for one in range(600)])
        assert [one.json for one in answers] == [
            f'{{"box":"a","inside":{one}}}'.encode() for one in range(1, 601)
        ]
        assert desk.obey_all([]) == []


def test_many_threads_and_a_loop_ask_the_same_desk() -> None:
    shelf = Shelf()
    with open_desk(shelf) as desk:
        threads = [
            threading.Thread(
                target=desk.obey_all, args=([Fill(asked(f"{place}-{one}"), "a", 1) for one in range(20)],)
            )
            for place in range(8)
        ]
        for thread in threads:
            thread.start()

        async def ask() -> list[Answer]:
            return await asyncio.gather(*(desk.ask(Fill(asked(f"loop-{one}"), "a", 1)) for one in range(100)))

        assert set(codes(asyncio.run(ask()))) == {"ok"}
        for thread in threads:
            thread.join(5)
    assert shelf.inside == {"a": 260}


def test_a_queue_that_is_full_is_busy_before_the_claim() -> None:
    shelf, gate = Shelf(), threading.Event()
    with open_desk(shelf, DeskLimits(waiting=3), lambda: gate.wait(5)) as desk:
        first = threading.Thread(target=desk.obey_all, args=([Fill(asked("0"), "a", 1)],))
        first.start()
        until(lambda: shelf.batches)
        waiting = threading.Thread(
            target=desk.obey_all, args=([Fill(asked(str(one)), "a", 1) for one in (1, 2)],)
        )
        waiting.start()
        until(lambda: len(desk._waiting) == 2)
        assert codes(desk.obey_all([Fill(asked("3"), "a", 1), Fill(asked("4"), "a", 1)])) == ["busy", "busy"]
        gate.set()
        first.join(5)
        waiting.join(5)


def test_who_waited_longer_than_their_patience_is_busy_and_never_obeyed() -> None:
    shelf, gate = Shelf(), threading.Event()
    with open_desk(shelf, commit=lambda: gate.wait(5)) as desk:
        first = threading.Thread(target=desk.obey_all, args=([Fill(asked("0"), "a", 1)],))
        first.start()
        until(lambda: shelf.batches)
        threading.Timer(0.4, gate.set).start()
        assert codes(desk.obey_all([Fill(asked("1"), "a", 1)], patience_s=0.1)) == ["busy"]
        first.join(5)
    assert shelf.inside == {"a": 1}


def test_a_busy_desk_lets_the_next_batch_grow_to_as_many_as_the_last() -> None:
    shelf = Shelf()
    with open_desk(shelf, DeskLimits(linger_s=60.0)) as desk:
        desk.obey_all([Fill(asked(f"first-{one}"), "a", 1) for one in range(BUSY_FROM)])
        few = threading.Thread(
            target=desk.obey_all, args=([Fill(asked(f"few-{one}"), "a", 1) for one in range(3)],)
        )
        few.start()
        until(lambda: len(desk._waiting) == 3)
        # As long as a desk that did not linger would need many times over.
        few.join(0.1)
        assert len(shelf.batches) == 1
        desk.obey_all([Fill(asked(f"more-{one}"), "a", 1) for one in range(BUSY_FROM - 3)])
        few.join(5)
        assert len(shelf.batches) == 2


def test_whoever_comes_alone_is_obeyed_at_once_and_a_moment_ends() -> None:
    with open_desk(Shelf(), DeskLimits(linger_s=60.0)) as desk:
        for one in range(3):
            desk.obey_all([Fill(asked(str(one)), "a", 1)], patience_s=1.0)
    with open_desk(Shelf(), DeskLimits(linger_s=0.05)) as desk:
        desk.obey_all([Fill(asked(f"many-{one}"), "a", 1) for one in range(BUSY_FROM)])
        assert codes(desk.obey_all([Fill(asked("alone"), "a", 1)], patience_s=1.0)) == ["ok"]


@pytest.mark.parametrize("waiters", [BUSY_FROM, 40])
def test_a_desk_does_not_linger_for_those_it_put_off(waiters: int) -> None:
    shelf = Shelf(held={"a"})
    crowd = [Fill(asked(f"a{one}"), "a", 1) for one in range(waiters)]
    with open_desk(shelf, DeskLimits(batch=16, linger_s=60.0)) as desk:
        stuck = threading.Thread(target=desk.obey_all, args=(crowd,))
        stuck.start()
        until(lambda: len(shelf.batches) > 2)
        for one in range(3):
            assert codes(desk.obey_all([Fill(asked(f"alone{one}"), "b", 1)], patience_s=1.0)) == ["ok"]
        shelf.held.clear()
    stuck.join(5)
    assert shelf.inside == {"a": waiters, "b": 3}


def test_a_desk_that_lingers_ends_when_told_to() -> None:
    began = time.monotonic()
    with open_desk(Shelf(), DeskLimits(linger_s=60.0)) as desk:
        desk.obey_all([Fill(asked(str(one)), "a", 1) for one in range(BUSY_FROM)])
    assert time.monotonic() - began < 5


def test_a_row_held_elsewhere_for_longer_than_the_patience_is_in_flight() -> None:
    shelf = Shelf(held={"a"})
    with open_desk(shelf) as desk:
        answers = desk.obey_all([Fill(asked("1"), "a", 1), Fill(asked("2"), "b", 1)], patience_s=0.2)
        assert codes(answers) == ["in-flight", "ok"]
        shelf.held.clear()
        assert codes(desk.obey_all([Fill(asked("1"), "a", 1)])) == ["ok"]


@pytest.mark.parametrize("waiters", [3, 40])
def test_however_many_wait_for_one_row_others_are_served_and_nobody_overtakes(waiters: int) -> None:
    shelf = Shelf(held={"a"})
    with open_desk(shelf, DeskLimits(batch=8)) as desk:
        answered: list[list[Answer]] = []
        first = [Fill(asked(f"first{one}"), "a", 1) for one in range(waiters)]
        thread = threading.Thread(target=lambda: answered.append(desk.obey_all(first)))
        thread.start()
        until(lambda: len(shelf.batches) > 1)
        began = time.monotonic()
        assert set(codes(desk.obey_all([Fill(asked(f"b{one}"), "b", 1) for one in range(20)]))) == {"ok"}
        assert time.monotonic() - began < 1
        last: list[list[Answer]] = []
        command = Fill(asked("last"), "a", 1)
        late = threading.Thread(target=lambda: last.append(desk.obey_all([command])))
        late.start()
        until(lambda: any(command.asked.id in batch for batch in shelf.batches))
        shelf.held.clear()
        thread.join(5)
        late.join(5)
    assert [one.json for one in answered[0]] == [
        f'{{"box":"a","inside":{one}}}'.encode() for one in range(1, waiters + 1)
    ]
    assert last[0][0].json == f'{{"box":"a","inside":{waiters + 1}}}'.encode()


def test_one_poisoned_command_of_256_is_found_by_halving() -> None:
    shelf = Shelf()
    commands = [Fill(asked(str(one)), "a", POISON if one == 100 else 1) for one in range(256)]
    with open_desk(shelf) as desk:
        found = codes(desk.obey_all(commands))
    assert found[100] == "defect"
    assert found.count("ok") == 255
    assert shelf.inside == {"a": 255}
    assert len(shelf.batches) < 25


@pytest.mark.parametrize(
    ("faults", "code"),
    [
        ([errors.DeadlockDetected()] * 3, "ok"),
        ([errors.SerializationFailure()], "ok"),
        ([errors.LockNotAvailable()] * 5, "ok"),
        ([errors.DiskFull()], "busy"),
        ([errors.QueryCanceled()], "busy"),
        ([IntegrityError()], "defect"),
        ([ValueError()], "defect"),
    ],
)
def test_only_what_a_command_is_to_blame_for_is_its_defect(faults: list[Exception], code: str) -> None:
    with open_desk(Shelf(faults=list(faults))) as desk:
        assert codes(desk.obey_all([Fill(asked("1"), "a", 1)])) == [code]
        assert codes(desk.obey_all([Fill(asked("2"), "a", 1)])) == ["ok"]


def test_a_table_held_for_ever_is_busy_after_the_patience_and_is_not_halved() -> None:
    shelf = Shelf(faults=[errors.LockNotAvailable()] * 10_000_000)
    with open_desk(shelf, DeskLimits(patience_s=0.1)) as desk:
        answers = desk.obey_all([Fill(asked(str(one)), "a", 1) for one in range(64)], patience_s=5)
        assert set(codes(answers)) == {"busy"}
        shelf.faults.clear()
        assert codes(desk.obey_all([Fill(asked("1"), "a", 1)])) == ["ok"]


def test_a_desk_that_stops_answers_who_waits_and_takes_nobody_more() -> None:
    with open_desk(Shelf()) as desk:
        desk.stop()
        assert codes(desk.obey_all([Fill(asked("1"), "a", 1)])) == ["busy"]


def test_half_a_batch_that_waits_goes_before_the_other_half() -> None:
    shelf = Shelf(held={"a"}, faults=[ValueError()])
    commands = [Fill(asked("1"), "a", 1), Fill(asked("2"), "b", 1), Fill(asked("3"), "a", 1)]
    threading.Timer(0.1, shelf.held.clear).start()
    with open_desk(shelf) as desk:
        answers = desk.obey_all(commands)
    assert [one.json for one in (answers[0], answers[2])] == [
        b'{"box":"a","inside":1}',
        b'{"box":"a","inside":2}',
    ]


def test_what_fails_after_the_commit_fails_nobody() -> None:
    def strike(point: str) -> None:
        if point == "desk.after_commit":
            raise ValueError(point)

    shelf = Shelf()
    with open_desk(shelf, reached=strike) as desk:
        assert codes(desk.obey_all([Fill(asked("1"), "a", 1)])) == ["ok"]
    assert shelf.inside == {"a": 1}
    assert len(shelf.batches) == 1


def test_a_desk_stands_still_in_a_decision_and_never_for_what_the_database_makes_it_wait_for() -> None:
    seen: dict[str, bool] = {}

    def slowly(books: Boxes, command: Fill) -> Outcome:
        seen["decision"] = desk.deciding.goes_on()
        return DECISIONS[Fill](books, command)

    def look(point: str) -> None:
        seen[point] = desk.deciding.goes_on()

    wires: Any = lambda: _Wire(lambda: look("commit"))  # noqa: E731 (as in open_desk)
    desk = Desk(Shelf(), {Fill: slowly}, wires, reached=look)
    desk.deciding = Stretch(0.0)
    desk.start()
    assert codes(desk.obey_all([Fill(asked("1"), "a", 1)])) == ["ok"]
    desk.stop()
    assert [point for point, goes_on in seen.items() if not goes_on] == ["decision"]
    assert {"desk.claim", "desk.load", "desk.save", "commit"} <= seen.keys()


def test_a_row_that_is_free_again_is_not_kept_behind_many_who_wait_for_another() -> None:
    shelf, done = Shelf(held={"a", "b"}), threading.Event()
    with open_desk(shelf, DeskLimits(batch=64)) as desk:

        def keep_asking() -> None:
            count = 0
            while not done.is_set():
                desk.obey_all([Fill(asked(f"c{count}"), "c", 1)])
                count += 1

        asking = threading.Thread(target=keep_asking)
        crowd = [Fill(asked(f"a{one}"), "a", 1) for one in range(200)]
        stuck = threading.Thread(target=desk.obey_all, args=(crowd,))
        stuck.start()
        until(lambda: shelf.batches)
        told: list[Answer] = []
        last = Fill(asked("b"), "b", 1)
        behind = threading.Thread(target=lambda: told.extend(desk.obey_all([last])))
        behind.start()
        asking.start()
        until(lambda: any(last.asked.id in batch for batch in shelf.batches))
        shelf.held.discard("b")
        until(lambda: told)
        done.set()
        shelf.held.clear()
        for thread in (asking, stuck, behind):
            thread.join(10)
    assert codes(told) == ["ok"]
    assert shelf.inside["a"] == 200


def test_what_decisions_want_is_supplied_between_two_batches_and_again_after_a_failure() -> None:
    shelf = Shelf(dearths=[errors.LockNotAvailable()])
    points: list[str] = []
    with open_desk(shelf, reached=points.append) as desk:
        answers = desk.obey_all([Fill(asked("w"), "a", 1, "wanting"), Fill(asked("p"), "a", 2)])
    assert codes(answers) == ["ok", "ok"]
    assert (shelf.inside, shelf.supplied) == ({"a": 3}, ["a"])
    place = points.index("desk.supply")
    assert (points[place - 1], points[place + 1]) == ("desk.before_answer", "desk.claim")
