"""Limits on a real database: exactly the budget goes out, however many desks draw and whoever dies."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest

from services.points.queries.limits import limits_listed
from shared.kernel.command import Answer
from shared.runtime.database import Reader
from tests.service.points.closing_room import audited
from tests.service.points.drawing import WINDOW, WITH_DRAWING, DrawOnly, drawing, killed_at
from tests.service.points.ledger_house import LedgerHouse, PointsDesk, answer_of, asked, code_of


def insist(desk: PointsDesk, command: DrawOnly) -> Answer:
    """Ask until there is an answer that stays."""
    while True:
        (answer,) = desk.obey_all([command])
        if answer.refusal is None or not answer.refusal.retryable:
            return answer


def crowd(desks: list[PointsDesk], commands: list[DrawOnly]) -> list[Answer]:
    """Let two dozen callers hand the commands in at all desks."""
    with ThreadPoolExecutor(24) as callers:
        work = [(desks[place % len(desks)], command) for place, command in enumerate(commands)]
        return list(callers.map(lambda one: insist(*one), work))


def drawn(house: LedgerHouse, limit: str) -> tuple[int, int, int]:
    """Give what slices say was used, what draws add up to, and the budget's total."""
    (used,) = house.rows("SELECT coalesce(sum(used), 0)::bigint FROM limits WHERE name = %s", limit)
    (kept,) = house.rows("SELECT coalesce(sum(amount), 0)::bigint FROM draws WHERE name = %s", limit)
    (total,) = house.rows("SELECT max(total) FROM budgets WHERE name = %s", limit)
    return used[0], kept[0], total[0]


def test_three_desks_and_a_crowd_draw_exactly_the_budget(house: LedgerHouse) -> None:
    desks = [house.desk(decisions=WITH_DRAWING) for _ in range(3)]
    answers = crowd(desks, [drawing("ones", 700, row_first=place % 2 == 0) for place in range(1_000)])
    codes = Counter(code_of(one) for one in answers)
    slices = house.rows("SELECT slice, used FROM limits WHERE name = 'ones' ORDER BY slice")
    print(f"{dict(codes)}, slices {slices}")
    assert codes == {"ok": 700, "limit-reached": 300}
    assert drawn(house, "ones") == (700, 700, 700)
    assert len([used for _, used in slices if used]) == 3, "every desk drew from a slice of its own"


def test_a_crowd_of_different_wishes_is_refused_only_what_is_not_there(house: LedgerHouse) -> None:
    chance = random.Random(7)
    desks = [house.desk(decisions=WITH_DRAWING) for _ in range(3)]
    commands = [
        DrawOnly(asked(), (("left", 900, chance.randrange(1, 40)), ("right", 1_200, chance.randrange(1, 40))))
        for _ in range(200)
    ]
    answers = crowd(desks, commands)
    for command, answer in zip(commands, answers, strict=True):
        if answer.refusal is not None:
            facts = answer.refusal.facts
            assert facts["left"] < facts["wanted"]
            assert facts["wanted"] in [amount for _, _, amount in command.amounts]
    for limit, total in (("left", 900), ("right", 1_200)):
        used, kept, known = drawn(house, limit)
        assert used == kept <= known == total
        rest = crowd(desks, [drawing(limit, total) for _ in range(total - used + 2)])
        assert Counter(code_of(one) for one in rest) == {"ok": total - used, "limit-reached": 2} or (
            used == total and {code_of(one) for one in rest} == {"limit-reached"}
        )
        assert drawn(house, limit) == (total, total, total)


def test_one_command_draws_all_its_wishes_or_none(house: LedgerHouse) -> None:
    desk = house.desk(decisions=WITH_DRAWING)
    both = DrawOnly(asked(), (("roomy", 100, 10), ("narrow", 5, 10)), row_first=False)
    assert code_of(insist(desk, both)) == "limit-reached"
    assert house.rows("SELECT * FROM draws WHERE name IN ('roomy', 'narrow')") == []
    assert drawn(house, "roomy")[0] == 0
    assert house.rows("SELECT alerted_at FROM budgets WHERE name = 'narrow'") == [(None,)]


@pytest.mark.parametrize(
    ("point", "times"),
    [("desk.supply", 1), ("desk.claim", 2), ("desk.claim", 3), ("desk.save", 3), ("desk.before_commit", 3)],
)
def test_a_death_between_refill_and_draw_loses_nothing(house: LedgerHouse, point: str, times: int) -> None:
    limit = f"dies-{point}-{times}"
    command = DrawOnly(asked(), ((limit, 160, 7),), row_first=False)
    assert killed_at(house.database.url("desk"), point, times, [command]) == 9
    desk = house.desk(decisions=WITH_DRAWING)
    assert answer_of(insist(desk, command)) == {"drawn": 7}
    codes = Counter(code_of(one) for one in crowd([desk], [drawing(limit, 160) for _ in range(160)]))
    assert codes == {"ok": 153, "limit-reached": 7}
    assert drawn(house, limit) == (160, 160, 160)


def test_a_total_that_is_lowered_takes_back_what_nobody_used_and_a_raised_one_gives_more(
    house: LedgerHouse,
) -> None:
    desks = [house.desk(decisions=WITH_DRAWING) for _ in range(2)]
    for desk in desks:
        answer_of(insist(desk, drawing("moves", 1_000, 30)))
    assert code_of(insist(desks[0], drawing("moves", 70, 11))) == "limit-reached"
    answer_of(insist(desks[1], drawing("moves", 70, 10)))
    assert drawn(house, "moves") == (70, 70, 70)
    assert code_of(insist(desks[0], drawing("moves", 50, 1))) == "limit-reached"
    answer_of(insist(desks[0], drawing("moves", 80, 10)))
    assert code_of(insist(desks[1], drawing("moves", 80, 1))) == "limit-reached"
    assert drawn(house, "moves") == (80, 80, 80)


def test_four_fifths_handed_out_are_told_once(house: LedgerHouse) -> None:
    desk = house.desk(decisions=WITH_DRAWING)
    told: list[bool] = []
    for _ in range(10):
        answer_of(insist(desk, drawing("alarm", 1_000, 100)))
        told.append(bool(house.rows("SELECT 1 FROM budgets WHERE name = 'alarm' AND alerted_at IS NOT NULL")))
    assert told == sorted(told)
    assert told.index(True) in (6, 7), "with the draw by which four fifths are handed out"
    first = house.rows("SELECT alerted_at FROM budgets WHERE name = 'alarm'")
    assert code_of(insist(desk, drawing("alarm", 1_000, 1))) == "limit-reached"
    assert house.rows("SELECT alerted_at FROM budgets WHERE name = 'alarm'") == first


def test_operators_read_how_far_each_window_is_used_page_by_page(house: LedgerHouse) -> None:
    desk, reader = house.desk(decisions=WITH_DRAWING), Reader(house.database.url("reader"), size=1)
    for limit, amount in (("read:a", 30), ("read:a", 12), ("read:b", 5), ("unread", 1)):
        answer_of(insist(desk, drawing(limit, 100, amount)))
    try:
        with reader.asked_by(unit="*") as questions:
            first, last = limits_listed(questions, "read:", 1, None)
            second, end = limits_listed(questions, "read:", 2, last)
        with reader.asked_by(unit="office") as questions:
            assert limits_listed(questions, None, 10, None) == ([], None)
    finally:
        reader.close()
    assert (last, end) == (("read:a", WINDOW), None)
    assert [(one["limit"], one["total"], one["used"], one["left"]) for one in (*first, *second)] == [
        ("read:a", 100, 42, 58),
        ("read:b", 100, 5, 95),
    ]
    assert first[0]["granted"] >= first[0]["used"]


def test_more_desks_than_slices_share_them(house: LedgerHouse) -> None:
    desks = [house.desk(decisions=WITH_DRAWING) for _ in range(18)]
    codes = Counter(code_of(one) for one in crowd(desks, [drawing("many", 90) for _ in range(120)]))
    assert codes == {"ok": 90, "limit-reached": 30}
    assert drawn(house, "many") == (90, 90, 90)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE limits SET used = used - 1 WHERE name = 'kept' AND used > 0", "used"),
        ("UPDATE draws SET amount = amount + 1 WHERE name = 'kept'", "used"),
        ("UPDATE limits SET granted = granted + 1 WHERE name = 'kept'", "granted"),
        ("UPDATE budgets SET granted = granted - 1 WHERE name = 'kept'", "granted"),
        ("DELETE FROM budgets WHERE name = 'kept'", "granted"),
        ("DELETE FROM draws WHERE name = 'kept'", "used"),
    ],
)
def test_a_counter_changed_by_hand_is_found_and_named(house: LedgerHouse, change: str, told: str) -> None:
    answer_of(insist(house.desk(decisions=WITH_DRAWING), drawing("kept", 100, 60)))
    assert audited(house.database).findings == ()
    before = {
        table: house.rows(f"SELECT * FROM {table} WHERE name = 'kept'")
        for table in ("budgets", "limits", "draws")
    }
    house.rows(change)
    (finding,) = audited(house.database).findings
    assert finding.row == "limit kept in 2017-01"
    assert told in finding.told
    _put_back(house, before)
    assert audited(house.database).findings == ()
    for table in before:
        house.rows(f"DELETE FROM {table} WHERE name = 'kept'")


def _put_back(house: LedgerHouse, before: dict[str, list[tuple[object, ...]]]) -> None:
    for table, rows in before.items():
        house.rows(f"DELETE FROM {table} WHERE name = 'kept'")
        for row in rows:
            house.rows(f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(row))})", *row)


def test_a_desk_finds_a_window_held_elsewhere_free_again(house: LedgerHouse) -> None:
    """A slice that somebody holds puts the command off; nobody waits inside a batch."""
    desk = house.desk(decisions=WITH_DRAWING)
    answer_of(insist(desk, drawing("held", 100, 1)))
    holder = psycopg2.connect(house.database.superuser_url)
    with holder, holder.cursor() as cursor:
        cursor.execute("SELECT 1 FROM limits WHERE name = 'held' FOR UPDATE")
        (answer,) = desk.obey_all([drawing("held", 100, 1)], patience_s=0.3)
        assert code_of(answer) == "in-flight"
    holder.close()
    answer_of(insist(desk, drawing("held", 100, 1)))
