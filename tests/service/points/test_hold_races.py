"""Races for a hold: crowds that capture it, capture against release and expiry; always one winner."""

import itertools
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from services.points.commands.expire_hold import ExpireHold
from services.points.domain.hold import Ended
from shared.kernel.command import Answer, Command
from shared.kernel.ids import read
from tests.service.points.hold_room import MINUTE, capture, hold, placed, release
from tests.service.points.ledger_house import (
    NOON,
    LedgerHouse,
    PointsDesk,
    answer_of,
    asked,
    code_of,
    later,
)
from tests.service.points.weather import Weather

END = NOON + timedelta(hours=24)


@pytest.fixture(scope="module")
def desks(house: LedgerHouse) -> Sequence[PointsDesk]:
    """Lend two desks on one database."""
    return house.first, house.desk()


def at_once(desks: Sequence[PointsDesk], *commands: Command) -> list[Answer]:
    """Hand each command in by a client of its own, in turn at these desks; who is told so comes again."""
    waiting = [later(desk, command) for desk, command in zip(itertools.cycle(desks), commands, strict=False)]
    answers = []
    for future, command in zip(waiting, commands, strict=True):
        (answer,) = future.result(30)
        while answer.refusal is not None and answer.refusal.retryable:
            (answer,) = desks[0].obey_all([command])
        answers.append(answer)
    return answers


def test_50_clients_capture_one_hold_exactly_as_far_as_it_reaches(
    house: LedgerHouse, desks: Sequence[PointsDesk]
) -> None:
    """1,003 fen are on hold and 50 clients want 29 each: 34 get them, and 17 fen are left."""
    told = placed(house, hold(house.fund("crowd", 2_000), "crowd", 1_003))
    answers = at_once(desks, *(capture(told, str(client), 29) for client in range(50)))
    codes = Counter(code_of(answer) for answer in answers)
    print(f"50 clients on one hold: {dict(codes)}")
    assert codes == {"ok": 34, "capture-above-hold": 16}
    assert sorted(answer_of(one)["captured_fen"] for one in answers if one.json) == [
        29 * place for place in range(1, 35)
    ]
    assert answer_of(house.obey(release(told))[0])["captured_fen"] == 34 * 29
    assert house.points_of("office:crowd") == 2_000 - 34 * 29


def test_50_twins_of_one_capture_are_one_capture(house: LedgerHouse, desks: Sequence[PointsDesk]) -> None:
    told = placed(house, hold(house.fund("twins", 2_000), "twins", 1_000))
    answers = at_once(desks, *(capture(told, "the one", 100) for _ in range(50)))
    assert {answer.json for answer in answers} == {answers[0].json}
    assert answer_of(answers[0])["captured_fen"] == 100
    assert house.rows("SELECT captured_fen FROM holds WHERE id = %s", read("hld", told["hold"])) == [(100,)]


def test_20_holds_at_once_worth_all_but_one_are_exactly_the_affordable_ones(
    house: LedgerHouse, desks: Sequence[PointsDesk]
) -> None:
    identity = house.fund("affordable", 1_999)
    answers = at_once(desks, *(hold(identity, f"affordable-{place}", 100) for place in range(20)))
    assert Counter(code_of(answer) for answer in answers) == {"ok": 19, "insufficient-points": 1}
    assert house.points_of(identity) == 99


@pytest.mark.parametrize("times", range(12))
def test_capture_release_and_expiry_at_once_have_one_winner(
    house: LedgerHouse, desks: Sequence[PointsDesk], times: int
) -> None:
    told = placed(house, hold(house.fund(f"race{times}", 1_000), f"race{times}", 600))
    name = read("hld", told["hold"]) or ""
    racing: list[Command] = [
        capture(told, "1", 600, at=NOON + MINUTE),
        release(told, at=NOON + MINUTE),
        ExpireHold(asked(), name, END),
    ]
    # Everybody comes first sometimes, and at either desk.
    order = list(itertools.permutations(range(3)))[times % 6]
    found = at_once(desks if times < 6 else desks[::-1], *(racing[place] for place in order))
    captured, released, over = (found[order.index(place)] for place in range(3))
    won = {
        Ended.CAPTURED: code_of(captured) == "ok",
        Ended.RELEASED: code_of(released) == "ok",
        Ended.EXPIRED: bool(over.json and answer_of(over)["released"]),
    }
    print(f"F19 race {times}: {[name.value for name, is_winner in won.items() if is_winner]}")
    assert sum(won.values()) == 1
    (ended,) = house.rows("SELECT ended_by, captured_fen FROM holds WHERE id = %s", name)
    winner = next(name for name, is_winner in won.items() if is_winner)
    assert ended == (winner, 600 if winner is Ended.CAPTURED else 0)
    assert house.points_of(f"office:race{times}") == (400 if winner is Ended.CAPTURED else 1_000)


@pytest.mark.parametrize("point", ["desk.load", "desk.before_commit"])
@pytest.mark.parametrize("first", ["capture", "expiry"])
def test_an_expiry_and_a_capture_that_meet_in_the_middle_have_one_winner(
    house: LedgerHouse, first: str, point: str
) -> None:
    """One desk stands still in the middle of its batch while the other one comes for the same hold."""
    name = f"{first}-{point}"
    told = placed(house, hold(house.fund(name, 1_000), name, 600))
    capturing: Command = capture(told, "1", 600, at=END - MINUTE)
    expiring: Command = ExpireHold(asked(), read("hld", told["hold"]) or "", END)
    weather = Weather(house.database, house.connect)
    slow = house.desk(connection=weather.connection, reached=weather.reached)
    pause = weather.pause(point)
    early, late = (capturing, expiring) if first == "capture" else (expiring, capturing)
    waiting = later(slow, early)
    assert pause.there.wait(20)
    following = later(house.first, late)
    pause.let_go()
    answers: dict[int, Answer] = {}
    for command, future in ((early, waiting), (late, following)):
        (answer,) = future.result(30)
        answers[id(command)] = answer
    captured: Any = answers[id(capturing)]
    over = answer_of(answers[id(expiring)])["released"]
    assert (code_of(captured) == "ok") is (over == [])
    assert code_of(captured) in ("ok", "hold-expired")
    assert house.points_of(f"office:{name}") == (400 if over == [] else 1_000)
