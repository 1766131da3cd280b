"""One desk and what can go wrong in a batch: twins, defects, poison, killed backends, cut commits."""

import time
from dataclasses import dataclass, replace

import pytest

from services.points.commands import DECISIONS
from services.points.commands.earn_points import EarnPoints, earn_points
from services.points.domain import changes as c
from services.points.domain.amounts import Points
from services.points.domain.books import LedgerBooks
from shared.kernel.command import Command, Outcome
from shared.runtime.database import connect
from shared.runtime.desk import DESK_OPTIONS, DeskLimits
from tests.service.points.ledger_house import LedgerHouse, PointsDesk, code_of, earn, later, redeem
from tests.service.points.weather import POINTS, Weather, Wire, holding


def desk_in(house: LedgerHouse, limits: DeskLimits) -> tuple[PointsDesk, Weather]:
    """Open a desk whose weather the test makes."""
    weather = Weather(house.database, house.connect)
    return house.desk(limits, connection=weather.connection, reached=weather.reached), weather


LIMITS = DeskLimits()


def test_a_twin_in_one_batch_gets_the_first_answer_and_has_no_effect(house: LedgerHouse) -> None:
    twins = [earn("office", "twin", 20_000, "twin-1", key="twin-1") for _ in range(3)]
    answers = house.obey(*twins)
    assert [code_of(one) for one in answers] == ["ok"] * 3
    assert {one.json for one in answers} == {answers[0].json}
    assert [one.replayed for one in answers] == [False, True, True]
    assert house.points_of("office:twin") == 100


def test_a_key_used_for_another_body_is_refused_in_the_batch_and_after_it(house: LedgerHouse) -> None:
    first, other = earn("office", "k", 200, "k-1", key="k"), earn("office", "k", 400, "k-2", key="k")
    assert [code_of(one) for one in house.obey(first, other)] == ["ok", "key-reused"]
    assert [code_of(one) for one in house.obey(other)] == ["key-reused"]
    assert [code_of(one) for one in house.obey(first)] == ["ok"]
    assert house.points_of("office:k") == 1


def test_twins_at_two_desks_have_one_effect_and_one_answer(house: LedgerHouse) -> None:
    slow, weather = desk_in(house, LIMITS)
    pause = weather.pause("desk.before_commit")
    first = later(slow, earn("office", "two", 20_000, "two-1", key="two-1"))
    assert pause.there.wait(5)
    second = later(house.first, earn("office", "two", 20_000, "two-1", key="two-1"))
    time.sleep(0.1)  # many batches, in which the key is never free
    assert not second.done()
    pause.let_go()
    (early,), (late,) = first.result(5), second.result(5)
    assert early.json == late.json is not None
    assert (early.replayed, late.replayed) == (False, True)
    assert house.points_of("office:two") == 100


def test_one_receipt_under_many_keys_earns_once_and_conflicts_with_another_amount(house: LedgerHouse) -> None:
    answers = house.obey(*(earn("office", "rc", 20_000, "rc-1") for _ in range(3)))
    assert {one.json for one in answers} == {answers[0].json}
    assert code_of(house.obey(earn("office", "rc", 20_001, "rc-1"))[0]) == "receipt-conflict"
    assert code_of(house.obey(earn("office", "rc2", 20_000, "rc-1"))[0]) == "receipt-conflict"
    assert house.points_of("office:rc") == 100


@dataclass(frozen=True, slots=True)
class Broken(EarnPoints):
    """A receipt whose decision has a defect after its first change."""


def broken(books: LedgerBooks, command: Broken) -> Outcome:
    """Decide as usual, then fall over."""
    earn_points(books, command)
    raise ZeroDivisionError("in the middle of the decision")


@dataclass(frozen=True, slots=True)
class Poisoned(EarnPoints):
    """A receipt whose changes the database refuses."""


def poisoned(books: LedgerBooks, command: Poisoned) -> Outcome:
    """Open the lot with more points left than earned."""
    outcome = earn_points(books, command)
    changes = tuple(
        c.LotOpened(replace(one.lot, earned=Points(one.lot.earned - 1)))
        if isinstance(one, c.LotOpened)
        else one
        for one in outcome.changes
    )
    return Outcome(changes, outcome.answer, outcome.events)


WITH_FAULTS = {**DECISIONS, Broken: broken, Poisoned: poisoned}


def _faulty(kind: type[EarnPoints], number: str) -> EarnPoints:
    one = earn("office", number, 20_000, f"{number}-faulty")
    return kind(one.asked, "office", "1", one.receipt_no, number, 20_000, one.purchased_at, one.at)


@pytest.mark.parametrize("kind", [Broken, Poisoned])
@pytest.mark.parametrize("place", [0, 117, 255])
def test_one_faulty_command_of_a_full_batch_fails_alone(
    house: LedgerHouse, kind: type[EarnPoints], place: int
) -> None:
    number = f"{kind.__name__}{place}"
    desk = house.desk(decisions=WITH_FAULTS)
    commands = [earn("office", number, 200, f"{number}-{one}") for one in range(256)]
    commands[place] = _faulty(kind, number)
    codes = [code_of(one) for one in desk.obey_all(commands)]
    assert codes[place] == "defect"
    assert codes.count("ok") == 255
    print(f"F25 {kind.__name__.lower()} at {place}: 1 failed, 255 of its batch did not")
    assert house.points_of(f"office:{number}") == 255
    assert code_of(desk.obey_all([commands[place]])[0]) == "defect", "a defect is never a first answer"


@pytest.mark.parametrize("fault", ["kill", "strike"])
@pytest.mark.parametrize("point", POINTS)
def test_a_batch_that_dies_at_any_point_has_one_effect(house: LedgerHouse, fault: str, point: str) -> None:
    desk, weather = desk_in(house, LIMITS)
    number = f"{fault}-{point}"
    house.fund(number, 1_000)
    (weather.kill if fault == "kill" else weather.strike)(point)
    commands: list[Command] = [
        earn("office", number, 20_000, f"{number}-1"),
        redeem(f"office:{number}", "hotel", number, 500),
    ]
    answers = desk.obey_all(commands)
    assert [code_of(one) for one in answers] == ["ok", "ok"]
    assert weather.plans == []
    again = house.obey(*commands)
    assert [one.json for one in again] == [one.json for one in answers]
    assert house.points_of(f"office:{number}") == 600


@pytest.mark.parametrize("arrives_after_s", [0.0, 0.7, None])
def test_a_commit_that_is_cut_is_the_same_batch_again_with_one_effect(
    house: LedgerHouse, arrives_after_s: float | None
) -> None:
    wire = Wire(house.database.url("desk"))
    desk = house.desk(connection=lambda: connect(wire.url, DESK_OPTIONS))
    number = f"cut-{arrives_after_s}"
    house.fund(number, 1_000)
    desk.obey_all([earn("office", number, 200, f"{number}-0")])
    wire.arrives_after_s, wire.cut_at = arrives_after_s, b"COMMIT"
    command = redeem(f"office:{number}", "hotel", number, 500)
    (answer,) = desk.obey_all([command])
    assert not wire.whole, "the wire was never cut"
    assert code_of(answer) == "ok"
    # A COMMIT that arrives late leaves a first answer; one that never arrives was rolled back and redone.
    assert answer.replayed == (arrives_after_s is not None)
    assert house.points_of(f"office:{number}") == 501
    print(f"F29 commit cut, arrives after {arrives_after_s} s: the same batch again, 1 effect")
    wire.close()


def test_a_commit_cut_for_longer_than_anyone_waits_is_never_called_failed(house: LedgerHouse) -> None:
    wire = Wire(house.database.url("desk"))
    desk = house.desk(DeskLimits(patience_s=0.5), connection=lambda: connect(wire.url, DESK_OPTIONS))
    house.fund("cut", 1_000)
    desk.obey_all([earn("office", "cut", 200, "cut-0")])
    wire.arrives_after_s, wire.cut_at = 1.2, b"COMMIT"
    command = redeem("office:cut", "hotel", "cut", 500)
    (answer,) = desk.obey_all([command], patience_s=0.5)
    assert answer.refusal is not None
    assert answer.refusal.retryable
    deadline = time.monotonic() + 5
    while code_of(answer := desk.obey_all([command])[0]) != "ok" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert answer.replayed
    assert house.points_of("office:cut") == 501
    wire.close()


def test_a_database_that_is_away_is_503_and_comes_back_by_itself(house: LedgerHouse) -> None:
    wire = Wire(house.database.url("desk"))
    desk = house.desk(DeskLimits(patience_s=0.3), connection=lambda: connect(wire.url, DESK_OPTIONS))
    assert code_of(desk.obey_all([earn("office", "away", 200, "away-0")])[0]) == "ok"
    wire.away = True
    began = time.monotonic()
    (answer,) = desk.obey_all([earn("office", "away", 200, "away-1")], patience_s=0.3)
    assert answer.refusal is not None
    assert answer.refusal.kind == "away"
    assert time.monotonic() - began < 2
    wire.away = False
    assert code_of(desk.obey_all([earn("office", "away", 200, "away-1")])[0]) == "ok"
    assert house.points_of("office:away") == 2
    wire.close()


def test_a_table_held_for_3_s_makes_nobody_fail(house: LedgerHouse) -> None:
    with holding(house.database.superuser_url, "LOCK TABLE months IN EXCLUSIVE MODE"):
        waiting = [later(house.first, earn("office", "held", 200, f"held-{one}")) for one in range(40)]
        time.sleep(3)  # as long as the table is held
    codes = {code_of(one.result(20)[0]) for one in waiting}
    assert "defect" not in codes
    assert codes <= {"ok", "busy", "in-flight"}
    answers = [house.obey(earn("office", "held", 200, f"held-{one}"))[0] for one in range(40)]
    assert {code_of(one) for one in answers} == {"ok"}
    assert house.points_of("office:held") == 40
