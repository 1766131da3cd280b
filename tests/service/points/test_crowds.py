"""Crowds: real processes, each with its own desk, on one wallet and on one business unit; and dying ones."""

import statistics
from datetime import timedelta

import pytest

from shared.kernel.command import Command
from tests.service.points.crowd import Errand, Tally, killed_at, run
from tests.service.points.ledger_house import NOON, LedgerHouse, code_of, earn, redeem
from tests.service.points.weather import POINTS
from tests.slack import SLACK_S

PROCESSES, CLIENTS = 2, 25
P99_S = 2.0 + SLACK_S
"""Of a hundred clients one may be answered later."""


def crowd(house: LedgerHouse, numbers: tuple[str, ...], unit: str) -> Tally:
    """Let 50 clients in two processes earn and spend, and print what they were answered."""
    url = house.database.url("desk")
    tally = run([Errand(url, place, CLIENTS, 12, numbers, unit) for place in range(PROCESSES)])
    p99 = statistics.quantiles(tally.waits, n=100)[98]
    told = f"{dict(tally.codes)}, earned {tally.earned}, paid {tally.paid}, p99 {p99:.2f} s"
    print(f"F13: {PROCESSES} processes, {PROCESSES * CLIENTS} clients, {len(numbers)} wallets: {told}")
    assert set(tally.codes) <= {"ok", "insufficient-points", "in-flight", "busy"}
    assert len(tally.waits) == PROCESSES * CLIENTS * 12
    assert p99 < P99_S
    return tally


def test_50_clients_in_two_processes_never_spend_a_point_of_one_wallet_twice(house: LedgerHouse) -> None:
    house.fund("one", 5_000)
    tally = crowd(house, ("one",), "hotel")
    assert house.points_of("office:one") == 5_000 + tally.earned - tally.paid
    paid = house.rows("SELECT sum(paid_fen)::bigint FROM redemptions WHERE order_no LIKE 'crowd-one-%%'")
    assert paid == [(tally.paid,)]


def test_everybody_on_one_business_unit_leaves_it_sums_that_are_exact(house: LedgerHouse) -> None:
    numbers = tuple(f"many{place}" for place in range(40))
    for number in numbers:
        house.fund(number, 500)
    tally = crowd(house, numbers, "property")
    owed = house.rows(
        "SELECT sum(t.amount)::bigint FROM transfers t JOIN accounts a ON a.id = t.to_account"
        " WHERE a.role = 'clearing' AND a.unit = 'property' AND t.asset = 'CNY'"
    )
    assert owed == [(tally.paid * 100,)]
    left = sum(house.points_of(f"office:{number}") for number in numbers)
    assert left == 40 * 500 + tally.earned - tally.paid


@pytest.mark.parametrize("point", [*POINTS, "desk.before_answer"])
def test_a_process_that_dies_at_any_step_leaves_one_effect_and_one_answer(
    house: LedgerHouse, point: str
) -> None:
    number = f"die-{point}"
    house.fund(number, 1_000)
    commands: list[Command] = [
        earn("office", number, 20_000, f"{number}-1", NOON + timedelta(seconds=1)),
        redeem(f"office:{number}", "hotel", number, 500),
    ]
    assert killed_at(house.database.url("desk"), point, commands) == 9
    answers = house.obey(*commands)
    assert [code_of(one) for one in answers] == ["ok", "ok"]
    committed = point in ("desk.after_commit", "desk.before_answer")
    assert [one.replayed for one in answers] == [committed, committed]
    assert [one.json for one in house.obey(*commands)] == [one.json for one in answers]
    assert house.points_of(f"office:{number}") == 600
