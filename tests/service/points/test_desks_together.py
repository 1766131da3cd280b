"""Several desks on one ledger: held rows, first touch, links, overdrafts, mixed work without a deadlock."""

import os
import random
import statistics
import threading
import time
from collections import Counter
from concurrent.futures import Future

import pytest

from shared.kernel.command import Answer, Command
from tests.service.points.ledger_house import (
    LedgerHouse,
    PointsDesk,
    answer_of,
    code_of,
    earn,
    later,
    link,
    redeem,
    redeem_up_to,
)
from tests.service.points.weather import Weather, holding

MIXED_S = float(os.environ.get("TONGFEN_FAULTS_MIXED_S", "12"))
"""How long two desks work against each other; `make faults` says 60."""
HOLDER_OF = "SELECT 1 FROM holders WHERE id = (SELECT holder_id FROM wallets WHERE identity = %s) FOR UPDATE"


def _paced(desk: PointsDesk, numbers: list[str], seconds: float, tag: str) -> tuple[list[float], set[str]]:
    """Let these numbers earn one after the other for a while; give each wait and what was answered."""
    waits, codes, until, count = [], set(), time.monotonic() + seconds, 0
    while time.monotonic() < until:
        began = time.monotonic()
        number = numbers[count % len(numbers)]
        codes.add(code_of(desk.obey_all([earn("office", number, 200, f"{tag}-{count}")])[0]))
        waits.append(time.monotonic() - began)
        count += 1
        time.sleep(0.002)
    return waits, codes


@pytest.mark.parametrize("crowd", [1, 400])
def test_a_wallet_held_5_s_elsewhere_leaves_everybody_else_their_p99(house: LedgerHouse, crowd: int) -> None:
    desk, tag = house.desk(), f"held{crowd}"
    others = [f"{tag}-{one}" for one in range(20)]
    for number in (*others, tag):
        house.fund(number, 10)
    calm, _ = _paced(desk, others, 1.0, f"{tag}-calm")
    with holding(house.database.superuser_url, HOLDER_OF, f"office:{tag}"):
        stuck = later(desk, *(earn("office", tag, 200, f"{tag}-{one}") for one in range(crowd)))
        waits, codes = _paced(desk, others, 5.0, f"{tag}-storm")
    assert codes == {"ok"}
    assert {code_of(one) for one in stuck.result(20)} == {"ok"}
    p99, calm_p99 = statistics.quantiles(waits, n=100)[98], statistics.quantiles(calm, n=100)[98]
    served = f"{len(waits)} served, p99 {p99 * 1000:.1f} ms beside {calm_p99 * 1000:.1f} ms when calm"
    print(f"{crowd} wait for the held wallet: of the others {served}")
    assert p99 < max(0.25, 10 * calm_p99)
    assert house.points_of(f"office:{tag}") == 10 + crowd


def test_a_key_in_flight_elsewhere_for_1_5_s_stalls_nobody_else(house: LedgerHouse) -> None:
    desk = house.desk()
    names = ["importer flight", "receipt office|1|FLIGHT|2017-01-20"]
    lock = "SELECT pg_advisory_xact_lock(hashtextextended(n, 0)) FROM unnest(%s) AS u(n)"
    with holding(house.database.superuser_url, lock, names):
        stuck = [
            later(desk, earn("office", "flight", 200, "flight-1", key="flight")),
            later(desk, earn("office", "flight2", 200, "flight")),
        ]
        waits, codes = _paced(desk, ["flight3"], 1.5, "passing")
        assert not any(one.done() for one in stuck)
    assert codes == {"ok"}
    assert max(waits) < 0.5
    assert [code_of(one.result(5)[0]) for one in stuck] == ["ok", "ok"]


def test_nobody_overtakes_their_own_predecessor_that_waits_for_a_row(house: LedgerHouse) -> None:
    desk = house.desk()
    house.fund("order", 1_000)
    answer_of(house.obey(link("mem_order", "office", "order"))[0])
    with holding(house.database.superuser_url, HOLDER_OF, "office:order"):
        first = later(desk, redeem("office:order", "hotel", "order-1", 900))
        time.sleep(0.2)  # put off at least once, so that it was there first
        second = later(desk, redeem("mem_order", "hotel", "order-2", 900))
        time.sleep(0.2)  # put off behind it
    assert code_of(first.result(5)[0]) == "ok"
    assert code_of(second.result(5)[0]) == "insufficient-points"


def test_whoever_earns_and_then_spends_in_one_breath_always_finds_their_points(house: LedgerHouse) -> None:
    weathers = [Weather(house.database, house.connect) for _ in range(3)]
    desks = [house.desk(connection=one.connection, reached=one.reached) for one in weathers]
    chance, waiting = random.Random(17), []
    for round_ in range(60):
        weather = weathers[round_ % 3]
        weather.stall(chance.choice(("desk.load", "desk.before_commit")), 0.02)
        if round_ % 7 == 0:
            weather.strike("desk.save")
        group: list[Command] = []
        for pair in range(4):
            name = f"breath-{round_}-{pair}"
            group.append(earn("office", "breath", 20_000, name))
            group.append(redeem("office:breath", "hotel", name, 100))
        waiting.append(later(desks[round_ % 3], *group))
    codes = Counter(code_of(one) for group in waiting for one in group.result(40))
    # Every redemption is preceded by an earning of as much: one that fails has overtaken its own.
    assert codes["insufficient-points"] == 0
    assert codes["ok"] == 480
    assert house.points_of("office:breath") == 0


def test_the_first_touch_of_a_wallet_by_two_desks_opens_one(house: LedgerHouse) -> None:
    desks = [house.desk() for _ in range(3)]
    waiting = [
        later(desk, *(earn("office", f"new{number}", 200, f"new-{place}-{number}") for number in range(60)))
        for place, desk in enumerate(desks)
    ]
    assert {code_of(answer) for one in waiting for answer in one.result(20)} == {"ok"}
    assert {house.points_of(f"office:new{number}") for number in range(60)} == {3}
    found = house.rows(
        "SELECT count(*), count(DISTINCT holder_id) FROM wallets WHERE identity LIKE 'office:NEW%%'"
    )
    assert found == [(60, 60)]


def test_of_20_parallel_redemptions_worth_all_but_one_exactly_19_succeed(house: LedgerHouse) -> None:
    desks = [house.desk() for _ in range(3)]
    for round_ in range(5):
        identity = house.fund(f"crowd{round_}", 19 * 150 + 149)
        waiting = [
            later(desks[one % 3], redeem(identity, "hotel", f"crowd{round_}-{one}", 150)) for one in range(20)
        ]
        codes = [code_of(one.result(20)[0]) for one in waiting]
        assert sorted(codes) == ["insufficient-points"] + ["ok"] * 19
        assert house.points_of(identity) == 149


def test_the_value_read_before_the_lock_is_never_used(house: LedgerHouse) -> None:
    identity = house.fund("stale", 1_000)
    slow = Weather(house.database, house.connect)
    pause = slow.pause("desk.before_commit")
    desk = house.desk(connection=slow.connection, reached=slow.reached)
    first = later(desk, redeem(identity, "hotel", "stale-1", 600))
    assert pause.there.wait(5)
    # This desk reads the lots many times while 1,000 is what everybody else still sees.
    second = later(house.first, redeem(identity, "hotel", "stale-2", 600))
    time.sleep(0.3)  # many looks
    pause.let_go()
    assert code_of(first.result(5)[0]) == "ok"
    assert code_of(second.result(5)[0]) == "insufficient-points"
    assert house.points_of(identity) == 400


def test_linking_while_both_spend_keeps_every_point(house: LedgerHouse) -> None:
    desks = [house.desk() for _ in range(3)]
    for round_ in range(10):
        number, member = f"merge{round_}", f"mem_merge{round_}"
        house.fund(number, 1_000)
        house.fund(number, 1_000, unit="property")
        answer_of(house.obey(link(member, "property", number))[0])
        spent: list[Future[list[Answer]]] = []
        linking: list[Future[list[Answer]]] = []
        for place in range(12):
            identity = (f"office:{number}", f"property:{number}", member)[place % 3]
            spent.append(later(desks[place % 3], redeem(identity, "hotel", f"{number}-{place}", 150)))
            if place == 5:
                linking.append(later(desks[place % 3], link(member, "office", number)))
        codes = [code_of(one.result(20)[0]) for one in spent]
        assert code_of(linking[0].result(20)[0]) == "ok"
        assert set(codes) <= {"ok", "insufficient-points"}
        left = house.points_of(f"office:{number}") + house.points_of(f"property:{number}")
        assert left == 2_000 - 150 * codes.count("ok")
        assert house.available(member) == left


def _mixture(chance: random.Random, tag: str, count: int) -> list[Command]:
    commands: list[Command] = []
    for _ in range(count):
        number = str(chance.randrange(40))
        receipt = f"{tag}-{chance.randrange(10**9)}"
        kind = chance.random()
        if kind < 0.5:
            # Some receipts come to both desks, in different order.
            shared = f"shared-{chance.randrange(3_000)}" if kind < 0.2 else receipt
            commands.append(earn(chance.choice(("office", "property")), number, 2_000, shared))
        elif kind < 0.9:
            unit = chance.choice(("office", "property"))
            commands.append(redeem_up_to(f"{unit}:{number}", "hotel", receipt, chance.randrange(100, 400)))
        else:
            commands.append(link(f"mem_mixed{chance.randrange(20)}", "office", number))
    chance.shuffle(commands)
    return commands


def test_two_desks_with_mixed_commands_never_meet_a_deadlock(house: LedgerHouse) -> None:
    seed = int(os.environ.get("TONGFEN_SEED", "0")) or random.randrange(2**32)
    desks = [house.desk(), house.desk()]
    until = time.monotonic() + MIXED_S
    counted: dict[str, int] = {}
    lock = threading.Lock()

    def work(place: int) -> None:
        chance = random.Random(seed + place)
        while time.monotonic() < until:
            answers = desks[place % 2].obey_all(_mixture(chance, f"mix{place}", 150))
            with lock:
                for answer in answers:
                    counted[code_of(answer)] = counted.get(code_of(answer), 0) + 1

    threads = [threading.Thread(target=work, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(MIXED_S + 30)
    deadlocks = house.rows("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")[0][0]
    print(f"seed {seed}: {counted}, deadlocks {deadlocks}")
    assert deadlocks == 0
    assert set(counted) <= {"ok", "insufficient-points", "below-minimum", "receipt-conflict"}
    assert counted["ok"] > 1_000
