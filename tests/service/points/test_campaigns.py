"""Campaigns at real desks: exactly the budget goes out, the base is always earned, and it is told once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.points.domain.rulebook import RuleKind
from services.points.jobs.watch_budgets import watch_budgets
from shared.kernel.calendar import SHANGHAI, midnight
from shared.runtime.database import connect
from tests import stack
from tests.service.points.closing_room import audited, closed
from tests.service.points.ledger_house import (
    FEBRUARY,
    JANUARY,
    NOON,
    LedgerHouse,
    PointsDesk,
    answer_of,
    code_of,
    earn,
    redeem,
)
from tests.service.points.soundness import unsound
from tests.service.points.tampering import named

AT = datetime(2017, 2, 10, 12, 0, tzinfo=SHANGHAI)
TOLD = "SELECT key, seq, data::json FROM outbox WHERE type = 'points.campaign.alerted' ORDER BY id"
GIVEN = "SELECT coalesce(sum(amount), 0)::bigint FROM draws WHERE name = 'campaign:half:property'"
FOREVER = datetime(2100, 1, 1, tzinfo=SHANGHAI)
SPRING = {
    "name": {"zh": "春季", "en": "Spring"},
    "units": ["office"],
    "until": "2017-03-01T00:00:00+08:00",
    "bearer": "unit",
    "budget": 1_003,
    "bonus_bp": 10_000,
}


@pytest.fixture(scope="module")
def campaigning() -> Iterator[LedgerHouse]:
    """Lend a house with a campaign of the office's own and one of the group's, from February on."""
    with stack.database_per_module("points") as database:
        house = LedgerHouse(database)
        group = {**SPRING, "units": ["mall-east", "mall-west"], "bearer": "group", "budget": 500}
        later = {**SPRING, "units": ["property"], "bonus_bp": 5_000, "budget": 10_000}
        house.add_rules(
            [
                (RuleKind.CAMPAIGN, "spring", SPRING),
                (RuleKind.CAMPAIGN, "malls", group),
                (RuleKind.CAMPAIGN, "half", later),
            ],
            midnight(FEBRUARY),
        )
        yield house
        house.close()
        assert unsound(database) == {}
        assert audited(database).findings == ()


def insist(desk: PointsDesk, command: Any) -> dict[str, Any]:
    """Ask until there is an answer."""
    while True:
        (answer,) = desk.obey_all([command])
        if answer.refusal is None or not answer.refusal.retryable:
            return answer_of(answer)


def alerted(house: LedgerHouse) -> list[Any]:
    """Let the watch go round and give what was announced so far."""
    with closing(connect(house.database.url("desk"))) as connection:
        watch_budgets(connection, house.first.obey_all)
    return house.rows(
        "SELECT key, seq, data::json FROM outbox WHERE type = 'points.campaign.alerted' ORDER BY id"
    )


def test_a_crowd_over_two_desks_gets_exactly_the_budget_and_everybody_the_base(
    campaigning: LedgerHouse,
) -> None:
    desks = [campaigning.desk() for _ in range(2)]
    # 7 points each, doubled: 143 whole bonuses, one of 2, and nothing for the rest.
    commands = [earn("office", f"C{place % 40}", 1_400, f"c{place}", AT) for place in range(300)]
    with ThreadPoolExecutor(24) as callers:
        work = [(desks[place % 2], command) for place, command in enumerate(commands)]
        answers = list(callers.map(lambda one: insist(*one), work))
    assert [one["points"] for one in answers] == [7] * 300
    bonuses = [one["bonus"]["points"] for one in answers if one["bonus"]]
    assert sum(bonuses) == 1_003
    assert sorted(bonuses) == [2] + [7] * 143
    cut = [one["cut"][0] for one in answers if one["cut"]]
    assert {(one["rule"], one["of"]) for one in cut} == {("campaign-budget", "bonus")}
    assert sum(one["points"] for one in cut) == 300 * 7 - 1_003
    lots = "SELECT sum(earned)::bigint, count(*) FROM lots WHERE origin = 'campaign' AND issuer = 'office'"
    assert campaigning.rows(lots) == [(1_003, 144)]
    used = "SELECT sum(used)::bigint FROM limits WHERE name = 'campaign:spring:office'"
    assert campaigning.rows(used) == [(1_003,)]
    again = [insist(desks[0], command) for command in commands[:5]]
    assert again == answers[:5]


def test_after_its_end_and_before_its_beginning_there_is_no_bonus(campaigning: LedgerHouse) -> None:
    for at in (NOON, datetime(2017, 3, 1, tzinfo=SHANGHAI)):
        assert insist(campaigning.first, earn("property", "E1", 10_000, f"e{at}", at))["bonus"] is None
    last = datetime(2017, 2, 28, 23, 59, 59, tzinfo=SHANGHAI)
    assert insist(campaigning.first, earn("property", "E1", 10_000, "last", last))["bonus"]["points"] == 5


def test_a_bonus_of_the_group_is_its_own_lot_and_its_own_cost(campaigning: LedgerHouse) -> None:
    found = insist(campaigning.first, earn("mall-east", "G1", 100_000, "g1", AT))
    assert found["points"] == 100
    assert {name: found["bonus"][name] for name in ("campaign", "bearer", "asset", "points")} == {
        "campaign": "malls",
        "bearer": "group",
        "asset": "GRUP",
        "points": 500,
    }
    kept = campaigning.rows("SELECT terms::json FROM receipts WHERE number = 'g1'")[0][0]
    assert kept["campaign"]["rate"] == [5, 1]
    (event,) = campaigning.rows('SELECT data::json FROM outbox WHERE data LIKE \'%%"receipt_no":"g1"%%\'')
    assert event[0]["bonus"] == found["bonus"]
    # What the group gave it owes wherever it is spent, once it can be spent.
    paid = campaigning.obey(redeem("mall-east:G1", "hotel", "g-pays", 1_000, AT + timedelta(days=8)))
    assert code_of(paid[0]) == "ok"
    assert answer_of(paid[0])["owed"] == [
        {"issuer": "group", "amount_fen": 500},
        {"issuer": "mall-east", "amount_fen": 500},
    ]


def test_four_fifths_are_told_once(campaigning: LedgerHouse) -> None:
    found: dict[str, tuple[int, dict[str, Any]]] = {}
    for place in range(8):
        insist(campaigning.first, earn("property", "A1", 2_000_000, f"a{place}", AT))
        ((spent,),) = campaigning.rows(GIVEN)
        found = {key: (seq, data) for key, seq, data in alerted(campaigning)}
        assert ("half:1:property" in found) == (spent >= 8_000)
    seq, told = found["half:1:property"]
    assert (seq, told["campaign"], told["version"], told["bearer"]) == (1, "half", 1, "property")
    assert told["budget"] == 10_000
    assert 8_000 <= told["used"] < 9_100
    assert len(alerted(campaigning)) == len(found)
    assert campaigning.rows("SELECT count(*) FROM outbox WHERE key = 'half:1:property'") == [(1,)]


@pytest.mark.parametrize(
    ("change", "back", "row"),
    [
        (
            "UPDATE draws SET amount = amount + 1 WHERE name = 'campaign:malls:group'",
            "UPDATE draws SET amount = amount - 1 WHERE name = 'campaign:malls:group'",
            "receipt mall-east|1|G1|2017-02-10",
        ),
        (
            "UPDATE budgets SET total = total + 1 WHERE name = 'campaign:malls:group'",
            "UPDATE budgets SET total = total - 1 WHERE name = 'campaign:malls:group'",
            "campaign:malls:group version 1",
        ),
        (
            "UPDATE receipts SET terms = replace(terms, ':500', ':499') WHERE number = 'g1'",
            "UPDATE receipts SET terms = replace(terms, ':499', ':500') WHERE number = 'g1'",
            "receipt mall-east|1|G1|2017-02-10",
        ),
        (
            "UPDATE lots SET issuer = 'mall-east' WHERE origin = 'campaign' AND issuer = 'group'",
            "UPDATE lots SET issuer = 'group' WHERE origin = 'campaign' AND issuer = 'mall-east'",
            "receipt mall-east|1|G1|2017-02-10",
        ),
    ],
)
def test_a_bonus_changed_by_hand_is_found_and_named(
    campaigning: LedgerHouse, change: str, back: str, row: str
) -> None:
    campaigning.rows(change)
    try:
        assert row in named(campaigning.database)
    finally:
        campaigning.rows(back)


def test_a_month_with_bonuses_is_stated_and_the_group_among_the_units(campaigning: LedgerHouse) -> None:
    for month in (JANUARY, FEBRUARY):
        assert [one.issued for one in closed(campaigning, month)] == [True]
    figures = campaigning.rows(
        "SELECT figures::json FROM statements WHERE unit = 'group' AND month = '2017-02-01'"
    )[0][0]
    assert figures["points"]["GRUP"]["issued"] == 500
    assert figures["points"]["GRUP"]["redeemed_elsewhere"] == 500


def test_nobody_approves_a_campaign_at_a_unit_that_is_not(campaigning: LedgerHouse) -> None:
    nowhere = {**SPRING, "units": ["nowhere"]}
    for rule in ((RuleKind.CAMPAIGN, "nowhere", nowhere), (RuleKind.CAP, "group", {"exempt": ["nowhere"]})):
        with pytest.raises(AssertionError, match="unknown-unit"):
            campaigning.add_rules([rule], FOREVER)
