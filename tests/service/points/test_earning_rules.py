"""Caps, tiers and categories at real desks: a member's day is one day, whoever sends receipts."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest

from contracts.event import constant_headers, own_headers
from services.points.commands.earn_points import EarnPoints
from services.points.commands.keep_tier import KeepTier
from services.points.domain.rulebook import RuleKind
from services.points.listeners.member import LISTENERS
from shared.kernel.calendar import SHANGHAI, midnight
from shared.kernel.command import Command
from shared.runtime.clock import mint_id, now
from shared.runtime.hearing import Hearing, Record
from shared.runtime.partitions import open_ahead
from tests import stack
from tests.service.points.closing_room import audited
from tests.service.points.ledger_house import (
    FEBRUARY,
    NOON,
    LedgerHouse,
    answer_of,
    asked,
    code_of,
    earn,
    link,
)
from tests.service.points.soundness import unsound
from tests.service.points.tampering import named

CAPS = {"points_per_day": 5_000, "receipts_per_store": 10, "exempt": ["residential", "hotel"]}
MALL = {
    "points": 1,
    "per_fen": 1_000,
    "pending_days": 7,
    "expiry_months": 24,
    "categories": {"food": {"points": 1, "per_fen": 5_000}},
    "tiers": {"1": 12_000, "2": 15_000, "3": 20_000},
}
DAY = timedelta(days=1)
IN_FEBRUARY = datetime(2017, 2, 10, 12, 0, tzinfo=SHANGHAI)
TOLD = "mem_" + "7" * 32
"""A member of whom nothing is known but what member announces."""


@pytest.fixture(scope="module")
def ruled() -> Iterator[LedgerHouse]:
    """Lend a house in which caps, a category and tiers hold from February on."""
    with stack.database_per_module("points") as database:
        house = LedgerHouse(database)
        rules = [(RuleKind.CAP, "group", CAPS), (RuleKind.EARN, "mall-east", MALL)]
        house.add_rules(rules, midnight(FEBRUARY))
        yield house
        house.close()
        assert unsound(database) == {}
        assert audited(database).findings == ()


def told(house: LedgerHouse, *commands: EarnPoints) -> list[dict[str, Any]]:
    """Let the first desk obey receipts and give their answers."""
    return [answer_of(one) for one in house.obey(*commands)]


def test_before_the_caps_nobody_is_cut_and_no_day_is_counted(ruled: LedgerHouse) -> None:
    found = told(ruled, *(earn("office", "early", 200_000, f"e{place}", NOON) for place in range(12)))
    assert [one["points"] for one in found] == [1_000] * 12
    assert ruled.rows("SELECT DISTINCT capped_on FROM receipts WHERE number = 'e1'") == [(None,)]


def test_a_day_over_several_wallets_batches_and_desks_gives_exactly_its_points(ruled: LedgerHouse) -> None:
    for unit in ("office", "property", "mall-east"):
        answer_of(ruled.obey(link("mem_day", unit, "day"))[0])
    desks = [ruled.desk() for _ in range(3)]
    commands = [
        # 7 points worth 7, or 7 of the mall worth 35; stores of their own, so that only the day's points cut.
        replace(earn(unit, "day", fen, f"{unit}-{place}", IN_FEBRUARY), store=f"s{place}")
        for place in range(150)
        for unit, fen in (("office", 1_400), ("property", 7_000), ("mall-east", 7_000))
    ]
    with ThreadPoolExecutor(12) as callers:
        work = [(desks[place % 3], command) for place, command in enumerate(commands)]
        answers = list(callers.map(lambda one: one[0].obey_all([one[1]])[0], work))
    assert {code_of(one) for one in answers} == {"ok"}
    given, cut = 0, 0
    for answer in map(answer_of, answers):
        value = 5 if answer["asset"] == "MALL" else 1
        given += value * answer["points"]
        cut += value * sum(one["points"] for one in answer["cut"])
    assert given + cut == 150 * (7 + 7 + 35)
    # Points of 5 may leave up to 4 that only a smaller point could have filled; there were enough of those.
    assert given == 5_000
    assert ruled.rows("SELECT count(*) FROM receipts WHERE terms LIKE '%%points-per-day%%'")[0][0] > 0


def test_a_store_gives_ten_times_a_day_and_stores_are_told_apart_as_people_read_them(
    ruled: LedgerHouse,
) -> None:
    spellings = ("s1", "S1", " s1", "ｓ１")
    commands = [
        replace(earn("office", "store", 2_000, f"st{place}", IN_FEBRUARY), store=spellings[place % 4])
        for place in range(12)
    ]
    found = told(ruled, *commands[:5]) + told(ruled, *commands[5:])
    assert [one["points"] for one in found] == [10] * 10 + [0, 0]
    assert found[-1]["cut"] == [{"rule": "receipts-per-store", "of": "points", "points": 10}]
    (other,) = told(ruled, replace(earn("office", "store", 2_000, "st12", IN_FEBRUARY), store="s2"))
    assert other["points"] == 10
    (next_day,) = told(ruled, earn("office", "store", 2_000, "st13", IN_FEBRUARY + DAY))
    assert next_day["points"] == 10


def test_a_late_receipt_counts_for_its_own_day(ruled: LedgerHouse) -> None:
    told(ruled, earn("office", "late", 800_000, "l1", IN_FEBRUARY + DAY))
    found = told(
        ruled,
        earn("office", "late", 800_000, "l2", IN_FEBRUARY),
        earn("office", "late", 800_000, "l3", IN_FEBRUARY),
        earn("office", "late", 800_000, "l4", IN_FEBRUARY + DAY),
        # 23:59:59 is that day, 00:00 the next.
        earn("office", "late", 800_000, "l5", IN_FEBRUARY.replace(hour=23, minute=59, second=59)),
        earn("office", "late", 800_000, "l6", IN_FEBRUARY.replace(hour=0) - timedelta(seconds=1)),
    )
    assert [one["points"] for one in found] == [4_000, 1_000, 1_000, 0, 4_000]


def test_a_number_linked_in_the_same_batch_joins_the_members_day(ruled: LedgerHouse) -> None:
    told(ruled, earn("property", "joins", 4_000_000, "j1", IN_FEBRUARY))
    answer_of(ruled.obey(link("mem_joins", "property", "joins"))[0])
    told(ruled, earn("office", "joins", 180_000, "j2", IN_FEBRUARY))
    answers = ruled.obey(
        link("mem_joins", "office", "joins"), earn("office", "joins", 40_000, "j3", IN_FEBRUARY)
    )
    # 4,000 of property and 900 of the office are used by one person now.
    assert answer_of(answers[1])["points"] == 100
    assert answer_of(answers[1])["cut"] == [{"rule": "points-per-day", "of": "points", "points": 100}]


def test_an_exempt_unit_neither_counts_nor_is_cut(ruled: LedgerHouse) -> None:
    found = told(
        ruled,
        earn("residential", "flat", 900_000_000, "f1", IN_FEBRUARY),
        earn("hotel", "flat", 1_000_000, "f2", IN_FEBRUARY),
    )
    assert [one["points"] for one in found] == [45_000, 30_000]
    answer_of(ruled.obey(link("mem_flat", "residential", "flat"))[0])
    answer_of(ruled.obey(link("mem_flat", "office", "flat"))[0])
    assert told(ruled, earn("office", "flat", 2_000_000, "f3", IN_FEBRUARY))[0]["points"] == 5_000


def test_the_tier_of_the_purchase_multiplies_and_history_is_kept(ruled: LedgerHouse) -> None:
    answer_of(ruled.obey(link("mem_tier", "mall-east", "tier"))[0])
    news = [
        KeepTier(asked(), "mem_tier", tier, IN_FEBRUARY + days * DAY, seq)
        for seq, (tier, days) in enumerate(((1, -5), (2, 0), (3, 5)), 2)
    ]
    for answer in ruled.obey(*news):
        answer_of(answer)
    found = told(
        ruled,
        *(
            earn("mall-east", "tier", 100_000, f"t{days}", IN_FEBRUARY + timedelta(days=days))
            for days in (-6, -5, -1, 0, 5)
        ),
    )
    assert [one["points"] for one in found] == [100, 120, 120, 150, 200]
    food = replace(earn("mall-east", "tier", 100_000, "food", IN_FEBRUARY), lines=(("food", 100_000),))
    assert told(ruled, food)[0]["points"] == 30
    stranger = earn("mall-east", "nobody-linked", 100_000, "t0", IN_FEBRUARY + 5 * DAY)
    assert told(ruled, stranger)[0]["points"] == 100


def heard(seq: int, event: str, **data: object) -> Command:
    """Make the command to which an event of a member's story leads, as it stands on member's topic."""
    headers = constant_headers("member", f"member.{event}")
    headers += own_headers(f"evt_{mint_id().replace('-', '')}", TOLD, seq, "2017-02-01T00:00:00Z", None)
    body = orjson.dumps({"member": TOLD, **data})
    return Hearing(LISTENERS).command(Record("tongfen.member.v1", 0, seq, TOLD, tuple(headers), body))


def test_a_tier_comes_as_an_event_and_an_older_event_that_comes_later_changes_nothing(
    ruled: LedgerHouse,
) -> None:
    with closing(ruled.connect()) as connection:
        open_ahead(connection, now())
    receipts = iter(range(9))

    def points() -> int:
        receipt = f"ev{next(receipts)}"
        return int(told(ruled, earn("mall-east", "told", 100_000, receipt, IN_FEBRUARY))[0]["points"])

    def news(seq: int, tier: int, since: datetime = IN_FEBRUARY) -> Command:
        return heard(seq, "tier.changed", tier=tier, valid_from=since.isoformat())

    story = [
        heard(1, "member.registered"),
        heard(2, "identity.linked", unit="mall-east", number="told"),
        news(3, 1, IN_FEBRUARY - DAY),
    ]
    assert [code_of(one) for one in ruled.obey(*story)] == ["ok"] * 3
    assert points() == 120
    fourth, fifth = news(4, 3), news(5, 2)
    assert [code_of(one) for one in ruled.obey(fourth, fifth)] == ["ok"] * 2
    # Both begin together: what was announced later holds.
    assert points() == 150
    kept = ruled.rows("SELECT seq, tier, since FROM tiers WHERE member = %s ORDER BY seq", TOLD)
    assert kept == [(3, 1, IN_FEBRUARY - DAY), (4, 3, IN_FEBRUARY), (5, 2, IN_FEBRUARY)]
    # The same once more, a forged fourth, one that is ahead of its turn.
    codes = [code_of(one) for late in (fourth, news(4, 3), news(7, 3)) for one in ruled.obey(late)]
    assert codes == ["ok", "event-fork", "event-gap"]
    assert points() == 150
    assert ruled.rows("SELECT seq, tier, since FROM tiers WHERE member = %s ORDER BY seq", TOLD) == kept


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ("""terms = replace(terms, '"points":10,', '"points":11,')""", "number = 'st10'"),
        ("""terms = replace(terms, '"tier":2', '"tier":1')""", "number = 't0' AND points = 150"),
        ("""terms = replace(terms, '"food":100000', '"food":99999')""", "number = 'food'"),
        ("""terms = replace(terms, '{"food"', '{"rice"')""", "number = 'food'"),
        ("""terms = '{"rule":1}'""", "number = 't5'"),
        ("""terms = '{"rule":7}'""", "number = 't5'"),
        ("""terms = 'nonsense'""", "number = 't5'"),
        ("""terms = '{"rule":2}'""", "unit = 'mall-east' AND number = 'gone'"),
    ],
)
def test_terms_changed_by_hand_are_found_and_named(ruled: LedgerHouse, change: str, name: str) -> None:
    told(ruled, earn("mall-east", "nobody", 10_000, "gone", NOON))
    ((receipt, kept),) = ruled.rows(f"SELECT name, terms FROM receipts WHERE {name}")
    ruled.rows(f"UPDATE receipts SET {change} WHERE name = %s", receipt)
    assert ruled.rows("SELECT terms = %s FROM receipts WHERE name = %s", kept, receipt) == [(False,)]
    try:
        assert receipt in named(ruled.database)
    finally:
        ruled.rows("UPDATE receipts SET terms = %s WHERE name = %s", kept, receipt)
