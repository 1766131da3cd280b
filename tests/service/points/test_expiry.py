"""Points past their end go to their issuer's expired account, once, to the second, and are stated."""

import sys
import time
from contextlib import closing
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from services.points.commands.expire_points import ExpirePoints
from services.points.jobs.expire_points import expire_due
from services.points.queries.wallet import Wallets
from shared.kernel.calendar import SHANGHAI
from shared.kernel.principal import Principal
from shared.runtime.database import connect
from tests.service.points.closing_room import audited, closed, stated, summarised
from tests.service.points.hold_room import capture, hold, placed, release
from tests.service.points.hold_room import expired as let_go
from tests.service.points.kept_wallets import reading
from tests.service.points.ledger_house import (
    IMPORTER,
    JANUARY,
    LedgerHouse,
    answer_of,
    asked,
    code_of,
    earn,
    later,
    link,
    redeem,
    redemption_id,
    refund,
)
from tests.service.points.tampering import by_hand
from tests.service.points.weather import holding

MEMBER = "mem_" + "b" * 32
EARNED_AT = datetime(2017, 1, 10, 12, tzinfo=SHANGHAI)
# 24 months later is 10 January 2019; its quarter ends with March.
ENDS_AT = datetime(2019, 4, 1, tzinfo=SHANGHAI)
ENDING, NEXT = date(2019, 4, 1), date(2019, 5, 1)
JUNE, JUNE_BEGINS = date(2019, 6, 1), datetime(2019, 6, 1, tzinfo=SHANGHAI)


@pytest.fixture
def april(fresh: LedgerHouse) -> LedgerHouse:
    """Lend a ledger of this test's own, with April and May 2019 open."""
    fresh.open_month(ENDING)
    fresh.open_month(NEXT)
    return fresh


def expired(house: LedgerHouse, moment: datetime, stated_by: Principal | None = IMPORTER) -> Any:
    """Let the job go one round at a stated moment."""
    with closing(connect(house.database.url("desk"))) as connection:
        return expire_due(connection, house.first.obey_all, moment, stated_by=stated_by)


def test_points_expire_at_their_end_to_the_second(april: LedgerHouse) -> None:
    answer_of(april.obey(earn("hotel", "1", 10_000, "r1", EARNED_AT))[0])
    assert expired(april, ENDS_AT - timedelta(seconds=1)) is None
    assert april.points_of("hotel:1") == 300
    assert expired(april, ENDS_AT) == {"holders": 1, "lots": 1}
    assert april.points_of("hotel:1") == 0
    assert expired(april, ENDS_AT) is None


def test_points_can_be_spent_until_their_end_and_not_at_it(april: LedgerHouse) -> None:
    answer_of(april.obey(earn("office", "1", 100_000, "r1", EARNED_AT))[0])
    # Nothing in March 2019 is open: the last second is booked nowhere and asked for again later.
    last_second = redeem("office:1", "hotel", "o1", 100, ENDS_AT - timedelta(seconds=1))
    assert code_of(april.obey(last_second)[0]) == "ok"
    assert code_of(april.obey(redeem("office:1", "hotel", "o2", 100, ENDS_AT))[0]) == "insufficient-points"
    assert expired(april, ENDS_AT + timedelta(days=1)) == {"holders": 1, "lots": 1}


def test_what_expired_is_stated_under_the_issuer_and_nobody_owes_it(april: LedgerHouse) -> None:
    answer_of(april.obey(link(MEMBER, "hotel", "1"), link(MEMBER, "office", "1"))[1])
    april.obey(
        earn("hotel", "1", 10_000, "r1", EARNED_AT),
        earn("office", "1", 10_000, "r2", EARNED_AT),
        redeem(MEMBER, "hotel", "o1", 100, EARNED_AT + timedelta(days=20)),
    )
    expired(april, ENDS_AT)
    assert all(one.issued for one in closed(april, JANUARY, date(2017, 2, 1), date(2017, 3, 1), ENDING))
    hotel, office = stated(april, ENDING)["hotel"], stated(april, ENDING)["office"]
    left = hotel["points"]["HOTL"]["expired"] + office["points"]["OFFI"]["expired"]
    assert left == 300 + 50 - 100
    assert summarised(april, ENDING)["net_fen"] == {}
    assert summarised(april, ENDING)["outstanding"] == {}
    # A month's end is exclusive: what ends with the quarter is no longer outstanding in its last month.
    assert summarised(april, date(2017, 3, 1))["outstanding"] == {"HOTL": 200, "OFFI": 50}


def test_a_lot_that_ended_in_a_sealed_month_is_booked_in_the_open_one(april: LedgerHouse) -> None:
    answer_of(april.obey(earn("hotel", "1", 10_000, "r1", EARNED_AT))[0])
    closed(april, JANUARY, date(2017, 2, 1), date(2017, 3, 1), ENDING)
    assert expired(april, ENDS_AT + timedelta(days=35)) == {"holders": 1, "lots": 1}
    (booked,) = april.rows("SELECT month, concerns_month, occurred_at FROM journals WHERE kind = 'expiry'")
    assert booked == (NEXT, ENDING, ENDS_AT)


def test_lots_that_nobody_can_book_yet_are_counted_and_left(april: LedgerHouse) -> None:
    answer_of(april.obey(earn("hotel", "1", 10_000, "r1", datetime(2019, 4, 2, tzinfo=SHANGHAI)))[0])
    far = datetime(2021, 7, 1, tzinfo=SHANGHAI)
    assert expired(april, far) == {"holders": 1, "lots": 0, "refused": 1}
    assert april.points_of("hotel:1") == 300


def test_a_holder_with_very_many_lots_is_expired_in_several_bites(
    april: LedgerHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[ExpirePoints.__module__], "JOURNALS_MAX", 4)
    april.obey(*(earn("hotel", "1", 1_000, f"r{n}", EARNED_AT + timedelta(minutes=n)) for n in range(10)))
    assert expired(april, ENDS_AT) == {"holders": 1, "lots": 10}
    assert april.rows("SELECT count(*) FROM journals WHERE kind = 'expiry'") == [(10,)]
    announced = april.rows("SELECT count(*) FROM outbox WHERE type = 'points.wallet.expired'")
    assert announced == [(10,)]


def test_all_wallets_of_a_holder_expire_together_and_strangers_keep_theirs(april: LedgerHouse) -> None:
    answer_of(april.obey(link(MEMBER, "hotel", "1"), link(MEMBER, "office", "1"))[1])
    april.obey(
        earn("hotel", "1", 10_000, "r1", EARNED_AT),
        earn("office", "1", 10_000, "r2", EARNED_AT),
        earn("property", "9", 10_000, "r3", datetime(2019, 4, 2, tzinfo=SHANGHAI)),
    )
    assert expired(april, ENDS_AT) == {"holders": 1, "lots": 2}
    assert (april.points_of("hotel:1"), april.points_of("office:1")) == (0, 0)
    assert april.points_of("property:9") == 10


def test_the_clock_needs_nobody_to_state_its_moment(april: LedgerHouse) -> None:
    answer_of(april.obey(earn("hotel", "1", 10_000, "r1", EARNED_AT))[0])
    now = datetime.now(SHANGHAI)
    assert expired(april, now, stated_by=None) == {"holders": 1, "lots": 1}


def test_two_jobs_at_once_expire_a_lot_once(april: LedgerHouse) -> None:
    answer_of(april.obey(earn("hotel", "1", 10_000, "r1", EARNED_AT))[0])
    command = ExpirePoints(asked(), "hotel:1", ENDS_AT)
    other = ExpirePoints(asked(), "hotel:1", ENDS_AT)
    second = april.desk()
    answers = [*april.obey(command), *second.obey_all([other])]
    assert sorted(answer_of(answer)["lots"] for answer in answers) == [0, 1]


def on_hold(house: LedgerHouse, number: str, ends_at: datetime) -> dict[str, Any]:
    """Put 600 of a member's 1,000 office points on hold until then, placed an hour before they end."""
    identity = house.fund(number, 1_000, at=EARNED_AT)
    at = ENDS_AT - timedelta(hours=1)
    lasts_s = int((ends_at - at).total_seconds())
    return placed(house, hold(identity, f"o-{number}", 600, at=at, lasts_s=lasts_s))


def ended(house: LedgerHouse, number: str) -> list[tuple[int, datetime]]:
    """Give how many points of a member expired in each journal, and when."""
    return house.rows(
        "SELECT t.amount, j.occurred_at FROM transfers t JOIN journals j ON j.id = t.journal_id"
        " JOIN wallets w ON w.account = t.from_account JOIN accounts a ON a.id = t.to_account"
        " WHERE j.kind = 'expiry' AND a.role = 'expired' AND a.unit = 'office' AND w.identity = %s"
        " ORDER BY j.occurred_at, t.id",
        f"office:{number}",
    )


def seen(house: LedgerHouse, identity: str, at: datetime) -> dict[str, tuple[int, int, Any]]:
    """Read what the member's wallet shows at that moment: available, on hold, and the next end, by asset."""
    with reading(house.database) as connection, connection.cursor() as cursor:
        (view,) = Wallets(lambda: at).read(cursor, [identity])
    return {one["asset"]: (one["available"], one["held"], one["next_expiry_at"]) for one in view["assets"]}


def settled(house: LedgerHouse, order_no: str) -> list[tuple[Any, ...]]:
    """Give the lines of an order's captures: what, how much, out of the hold or from whom, to whom."""
    return house.rows(
        "SELECT t.asset, t.amount, coalesce(a.role, CASE WHEN t.from_account < 0 THEN 'held' END), a.unit,"
        " b.role, b.unit FROM transfers t JOIN journals j ON j.id = t.journal_id AND j.kind = 'capture'"
        " JOIN redemptions r ON r.id = j.subject LEFT JOIN accounts a ON a.id = t.from_account"
        " LEFT JOIN accounts b ON b.id = t.to_account WHERE r.order_no = %s ORDER BY t.id",
        order_no,
    )


def test_points_on_hold_outlive_their_lot_pay_when_captured_and_expire_once_they_are_back(
    april: LedgerHouse,
) -> None:
    april.open_month(date(2019, 3, 1))
    hour, noon = timedelta(hours=1), ENDS_AT + timedelta(hours=12)
    paying, freed = on_hold(april, "PAYS", ENDS_AT + 20 * hour), on_hold(april, "FREED", ENDS_AT + 20 * hour)
    on_hold(april, "LATE", ENDS_AT + 14 * hour)
    # Of each lot what is in the wallet ends, and what is on hold stays.
    assert expired(april, ENDS_AT) == {"holders": 3, "lots": 3}
    assert [ended(april, number) for number in ("PAYS", "FREED", "LATE")] == [[(400, ENDS_AT)]] * 3
    assert expired(april, noon) is None
    for number in ("PAYS", "FREED", "LATE"):
        assert seen(april, f"office:{number}", noon) == {"OFFI": (0, 600, None)}
    part = answer_of(april.obey(capture(paying, "1", 250, at=noon))[0])
    assert (part["paid_fen"], part["owed"]) == (250, [{"issuer": "office", "amount_fen": 250}])
    last = answer_of(april.obey(capture(paying, "2", 100, final=True, at=noon + hour))[0])
    assert [one["points"] for one in last["released"]] == [250]
    assert settled(april, "o-PAYS") == [
        ("OFFI", 250, "held", None, "redeemed", "hotel"),
        ("CNY", 25_000, "clearing", "office", "clearing", "hotel"),
        ("OFFI", 100, "held", None, "redeemed", "hotel"),
        ("CNY", 10_000, "clearing", "office", "clearing", "hotel"),
        ("OFFI", 250, "held", None, None, None),
    ]
    assert [one["points"] for one in answer_of(april.obey(release(freed, at=noon))[0])["released"]] == [600]
    assert let_go(april, ENDS_AT + 14 * hour) == {"holds": 1}
    numbers = {"PAYS": 250, "FREED": 600, "LATE": 600}
    assert {number: april.points_of(f"office:{number}") for number in numbers} == numbers
    for number in numbers:
        # They are back, and nobody can spend them: their lot is over.
        wish = redeem(f"office:{number}", "hotel", f"x-{number}", 100, noon + 3 * hour)
        assert code_of(april.obey(wish)[0]) == "insufficient-points"
    assert expired(april, noon + 3 * hour) == {"holders": 3, "lots": 3}
    # Dated when they came back: before that moment they were not in the wallet.
    assert {number: ended(april, number)[1:] for number in numbers} == {
        "PAYS": [(250, noon + hour)],
        "FREED": [(600, noon)],
        "LATE": [(600, ENDS_AT + 14 * hour)],
    }
    assert expired(april, noon + 4 * hour) is None
    assert not any(seen(april, f"office:{number}", noon + 4 * hour) for number in numbers)
    assert audited(april.database).findings == ()


def test_what_comes_back_to_a_lot_that_is_over_is_there_for_30_days_and_then_expires(
    april: LedgerHouse,
) -> None:
    answer_of(april.obey(earn("mall-east", "1", 100_000, "r1", EARNED_AT))[0])
    # 252 fen are 50 points of 5 fen, and 2 of the 5 group points that one more was turned into.
    order = redeem("mall-east:1", "hotel", "o1", 252, EARNED_AT + timedelta(days=20))
    paid = redemption_id(april.obey(order)[0])
    assert expired(april, ENDS_AT) == {"holders": 1, "lots": 2}
    assert seen(april, "mall-east:1", ENDS_AT) == {}
    first, second = ENDS_AT, ENDS_AT + timedelta(days=1)
    month = timedelta(days=30)
    told = [
        answer_of(april.obey(refund(paid, "hotel", f"f{fen}", fen, at))[0])
        for fen, at in ((130, first), (122, second))
    ]
    assert [one["undone"] for one in told] == [
        [{"issuer": "mall-east", "amount_fen": 130}],
        [{"issuer": "mall-east", "amount_fen": 122}],
    ]
    lots = april.rows(
        "SELECT asset, origin, earned, points_left, expires_at FROM lots WHERE origin = 'restored'"
        " OR parent_id IN (SELECT id FROM lots WHERE asset = 'MALL') AND expires_at > %s"
        " ORDER BY expires_at, asset, earned",
        ENDS_AT,
    )
    assert lots == [
        ("GRUP", "restored", 2, 2, first + month),
        ("GRUP", "change", 3, 3, first + month),
        ("MALL", "restored", 25, 25, first + month),
        ("GRUP", "change", 2, 2, second + month),
        ("MALL", "restored", 24, 24, second + month),
    ]
    both = {"GRUP": (7, 0, first + month), "MALL": (49, 0, first + month)}
    assert seen(april, "mall-east:1", first + month - timedelta(seconds=1)) == both
    later = {"GRUP": (2, 0, second + month), "MALL": (24, 0, second + month)}
    assert seen(april, "mall-east:1", first + month) == later
    assert expired(april, first + month - timedelta(seconds=1)) is None
    assert expired(april, first + month) == {"holders": 1, "lots": 3}
    assert seen(april, "mall-east:1", first + month) == later
    assert expired(april, second + month) == {"holders": 1, "lots": 2}
    assert april.points_of("mall-east:1") == 0
    assert audited(april.database).findings == ()


def _on_hold_over_the_turn(april: LedgerHouse) -> dict[str, Any]:
    """Restore a lot of 500 that ends on May's last evening, two hours before June, and hold 300 of it."""
    april.open_month(JUNE)
    hour = timedelta(hours=1)
    answer_of(april.obey(earn("office", "1", 100_000, "r1", EARNED_AT))[0])
    order = redeem("office:1", "hotel", "o1", 500, EARNED_AT + timedelta(days=20))
    paid = redemption_id(april.obey(order)[0])
    assert expired(april, ENDS_AT) is None
    # What was given back of a lot that is over ends 30 days later.
    given_back_at = JUNE_BEGINS - 2 * hour - timedelta(days=30)
    answer_of(april.obey(refund(paid, "hotel", "f1", 500, given_back_at))[0])
    return placed(april, hold("office:1", "o2", 300, at=JUNE_BEGINS - 3 * hour, lasts_s=12 * 3_600))


def test_points_let_go_in_the_month_after_their_end_expire_in_that_month(april: LedgerHouse) -> None:
    told, hour, turn = _on_hold_over_the_turn(april), timedelta(hours=1), JUNE_BEGINS
    assert expired(april, turn - 2 * hour) == {"holders": 1, "lots": 1}
    assert all(one.issued for one in closed(april, JANUARY, date(2017, 2, 1), date(2017, 3, 1), ENDING, NEXT))
    answer_of(april.obey(release(told, at=turn + 8 * hour))[0])
    assert expired(april, turn + 9 * hour) == {"holders": 1, "lots": 1}
    assert ended(april, "1") == [(200, turn - 2 * hour), (300, turn + 8 * hour)]
    months = april.rows(
        "SELECT DISTINCT month, concerns_month FROM journals WHERE kind = 'expiry' ORDER BY month"
    )
    assert months == [(NEXT, None), (JUNE, None)]
    assert audited(april.database).findings == ()


def test_a_release_and_the_expiry_after_it_in_one_batch_are_dated_alike(april: LedgerHouse) -> None:
    april.open_month(date(2019, 3, 1))
    noon = ENDS_AT + timedelta(hours=12)
    told = on_hold(april, "1", ENDS_AT + timedelta(hours=20))
    april.obey(release(told, at=noon), ExpirePoints(asked(principal=IMPORTER), "office:1", noon))
    assert ended(april, "1") == [(400, ENDS_AT), (600, noon)]
    assert audited(april.database).findings == ()


def test_a_link_and_the_expiry_after_it_in_one_batch_date_what_the_numbers_holds_let_go(
    april: LedgerHouse,
) -> None:
    """The member's job comes in the batch in which a number becomes theirs: its lots expire with theirs."""
    april.open_month(date(2019, 3, 1))
    noon = ENDS_AT + timedelta(hours=12)
    told = on_hold(april, "1", ENDS_AT + timedelta(hours=20))
    answer_of(april.obey(release(told, at=noon))[0])
    over = ExpirePoints(asked(principal=IMPORTER), MEMBER, noon + timedelta(hours=1))
    assert answer_of(april.obey(link(MEMBER, "office", "1"), over)[1]) == {"lots": 1, "more": False}
    assert ended(april, "1") == [(400, ENDS_AT), (600, noon)]
    assert audited(april.database).findings == ()


@pytest.mark.parametrize("who", ["mem_linked", "mem_expired"])
def test_whoever_is_being_opened_elsewhere_in_this_moment_comes_again(house: LedgerHouse, who: str) -> None:
    """Two desks hear of a new member at once: one opens their wallet, the other has not seen it yet."""
    opening = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
    command = link(who, "office", "first") if who == "mem_linked" else ExpirePoints(asked(), who)
    with holding(house.database.superuser_url, opening, f"identity {who}"):
        waiting = later(house.first, command)
        time.sleep(0.2)  # put off at least once
    assert code_of(waiting.result(5)[0]) == "ok"


def test_however_late_the_job_each_part_of_a_lot_is_dated_when_it_was_free_and_over(
    april: LedgerHouse,
) -> None:
    april.open_month(date(2019, 3, 1))
    hour = timedelta(hours=1)
    before, first, second, third = (ENDS_AT + place * hour for place in (-1, 2, 5, 6))
    april.fund("1", 1_000, at=EARNED_AT)
    wishes = [hold("office:1", f"o{fen}", fen, at=before, lasts_s=12 * 3_600) for fen in (100, 200, 300)]
    one, two, three = (placed(april, wish) for wish in wishes)
    answer_of(april.obey(release(one, at=first))[0])
    answer_of(april.obey(capture(two, "1", 50, at=first))[0])
    last = answer_of(april.obey(capture(two, "2", 30, final=True, at=second))[0])
    assert [one["points"] for one in last["released"]] == [120]
    assert expired(april, second) == {"holders": 1, "lots": 1}
    parts = [(400, ENDS_AT), (100, first), (120, second)]
    assert ended(april, "1") == parts
    answer_of(april.obey(release(three, at=third))[0])
    assert expired(april, third + hour) == {"holders": 1, "lots": 1}
    assert ended(april, "1") == [*parts, (300, third)]
    assert audited(april.database).findings == ()


def test_what_was_free_in_the_month_of_its_end_is_stated_there_though_a_hold_let_more_go_later(
    april: LedgerHouse,
) -> None:
    told, hour, turn = _on_hold_over_the_turn(april), timedelta(hours=1), JUNE_BEGINS
    answer_of(april.obey(release(told, at=turn + hour))[0])
    assert expired(april, turn + 2 * hour) == {"holders": 1, "lots": 1}
    months = april.rows(
        "SELECT j.month, t.amount FROM journals j JOIN transfers t ON t.journal_id = j.id"
        " WHERE j.kind = 'expiry' ORDER BY j.month, t.id"
    )
    assert months == [(NEXT, 200), (JUNE, 300)]
    assert audited(april.database).findings == ()


@pytest.mark.parametrize(
    "change", ["occurred_at = occurred_at + interval '1 hour'", "subject = gen_random_uuid()"]
)
def test_an_expiry_whose_date_or_lot_was_changed_by_hand_is_named(april: LedgerHouse, change: str) -> None:
    answer_of(april.obey(earn("hotel", "1", 10_000, "r1", EARNED_AT))[0])
    assert expired(april, ENDS_AT) == {"holders": 1, "lots": 1}
    assert all(one.issued for one in closed(april, JANUARY, date(2017, 2, 1)))
    by_hand(april.database, f"UPDATE journals SET {change} WHERE kind = 'expiry'")
    (found,) = audited(april.database).findings
    assert found.invariant == "points expire at their end, or once a hold lets them go"
