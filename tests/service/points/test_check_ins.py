"""Check-ins: once a business day, a streak that brings more, at the group's cost, whoever asks how often."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.points.commands.check_in import CheckIn
from shared.kernel.calendar import SHANGHAI
from tests.service.points.closing_room import audited
from tests.service.points.ledger_house import NOON, LedgerHouse, answer_of, asked, code_of, later, redeem

DAY = timedelta(days=1)


def member(letter: str) -> str:
    """Name a member."""
    return f"mem_{letter * 32}"


def check_in(who: str, at: datetime = NOON, key: str | None = None) -> CheckIn:
    """Make a check-in at that moment."""
    return CheckIn(asked(key, body=who), who, at)


def came(house: LedgerHouse, who: str, at: datetime) -> tuple[int, int]:
    """Check in and give streak and points."""
    answer = answer_of(house.obey(check_in(who, at))[0])
    return answer["streak"], answer["points"]


def test_a_streak_brings_one_to_ten_points_and_then_ten(house: LedgerHouse) -> None:
    found = [came(house, member("1"), NOON + DAY * place) for place in range(12)]
    assert found == [(place, min(place, 10)) for place in range(1, 13)]
    assert house.points_of(member("1")) == sum(range(1, 11)) + 20


def test_a_day_left_out_begins_the_streak_anew(house: LedgerHouse) -> None:
    assert [came(house, member("2"), NOON + DAY * place) for place in (0, 1, 3)] == [(1, 1), (2, 2), (1, 1)]


def test_a_business_day_ends_at_midnight_in_shanghai(house: LedgerHouse) -> None:
    late = datetime(2017, 1, 20, 23, 59, 59, tzinfo=SHANGHAI)
    assert [came(house, member("3"), at) for at in (late, late + timedelta(seconds=1))] == [(1, 1), (2, 2)]


def test_the_same_day_again_is_the_days_first_answer(house: LedgerHouse) -> None:
    first, twin, again, repeat = house.obey(
        check_in(member("4"), NOON, "a"),
        check_in(member("4"), NOON, "a"),
        check_in(member("4"), NOON + timedelta(hours=3), "b"),
        check_in(member("4"), NOON - DAY, "c"),
    )
    assert answer_of(first) == answer_of(twin) == answer_of(again) == answer_of(repeat)
    assert (twin.replayed, again.replayed) == (True, False)
    assert house.points_of(member("4")) == 1
    assert house.rows("SELECT count(*) FROM check_ins WHERE day < '2017-01-20'") == [(0,)]


def test_two_desks_and_many_taps_are_one_check_in(house: LedgerHouse) -> None:
    desks = [house.desk(), house.desk()]
    taps = [later(desks[place % 2], check_in(member("5"))) for place in range(40)]
    answers = [tap.result()[0] for tap in taps]
    assert {code_of(one) for one in answers} == {"ok"}
    assert len({one.json for one in answers}) == 1
    assert house.points_of(member("5")) == 1


def test_what_the_group_gave_and_a_unit_took_the_group_owes(house: LedgerHouse) -> None:
    who = member("6")
    for place in range(25):
        came(house, who, NOON + DAY * place)
    paid = answer_of(house.obey(redeem(who, "hotel", "checked-in", 200, NOON + DAY * 25))[0])
    assert paid["owed"] == [{"issuer": "group", "amount_fen": 200}]
    assert {(one["asset"], one["issuer"]) for one in paid["taken"]} == {("GRUP", "group")}


def test_it_is_announced_under_the_holders_version(house: LedgerHouse) -> None:
    came(house, member("7"), NOON)
    came(house, member("7"), NOON + DAY)
    found: list[Any] = house.rows(
        "SELECT o.seq, o.data::json ->> 'day', (o.data::json ->> 'streak')::int FROM outbox o"
        " JOIN wallets w ON o.key = 'hol_' || replace(w.holder_id::text, '-', '')"
        " WHERE w.identity = %s AND o.type = 'points.wallet.checked_in' ORDER BY o.seq",
        member("7"),
    )
    assert found == [(1, "2017-01-20", 1), (2, "2017-01-21", 2)]


@pytest.mark.parametrize(
    "change",
    [
        "streak = streak + 1",
        "points = points + 1",
        "day = day - 30",
        "occurred_at = occurred_at + interval '1 second'",
        "wallet_id = gen_random_uuid()",
        "answer = replace(answer, '\"points\":1', '\"points\":2')",
    ],
)
def test_the_auditor_names_a_check_in_that_was_changed(house: LedgerHouse, change: str) -> None:
    who = member("8")
    house.obey(check_in(who))
    ((id_, before),) = house.rows(
        "SELECT c.id::text, c::text FROM check_ins c JOIN wallets w ON w.id = c.wallet_id"
        " WHERE w.identity = %s",
        who,
    )
    assert audited(house.database).findings == ()
    house.rows(f"UPDATE check_ins SET {change} WHERE id = %s", id_)
    try:
        assert f"check-in {id_}" in [one.row for one in audited(house.database).findings]
    finally:
        house.rows("DELETE FROM check_ins WHERE id = %s", id_)
        house.rows("INSERT INTO check_ins SELECT (%s::check_ins).*", before)


def test_the_auditor_names_a_check_in_that_is_gone(house: LedgerHouse) -> None:
    who = member("9")
    house.obey(check_in(who))
    (kept,) = house.rows(
        "SELECT c.id::text, c::text, j.id::text FROM check_ins c JOIN wallets w ON w.id = c.wallet_id"
        " JOIN journals j ON j.subject = c.id WHERE w.identity = %s",
        who,
    )
    house.rows("DELETE FROM check_ins WHERE id = %s", kept[0])
    try:
        assert f"journal {kept[2]}" in [one.row for one in audited(house.database).findings]
    finally:
        house.rows("INSERT INTO check_ins SELECT (%s::check_ins).*", kept[1])
