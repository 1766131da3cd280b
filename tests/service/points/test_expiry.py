"""Points past their end go to their issuer's expired account, once, to the second, and are stated."""

import sys
from contextlib import closing
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from services.points.commands.expire_points import ExpirePoints
from services.points.jobs.expire_points import expire_due
from shared.kernel.calendar import SHANGHAI
from shared.kernel.principal import Principal
from shared.runtime.database import connect
from tests.service.points.closing_room import closed, stated, summarised
from tests.service.points.ledger_house import (
    IMPORTER,
    JANUARY,
    LedgerHouse,
    answer_of,
    asked,
    code_of,
    earn,
    link,
    redeem,
)

MEMBER = "mem_" + "b" * 32
EARNED_AT = datetime(2017, 1, 10, 12, tzinfo=SHANGHAI)
# 24 months later is 10 January 2019; its quarter ends with March.
ENDS_AT = datetime(2019, 4, 1, tzinfo=SHANGHAI)
ENDING, NEXT = date(2019, 4, 1), date(2019, 5, 1)


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
    monkeypatch.setattr(sys.modules[ExpirePoints.__module__], "LOTS_MAX", 4)
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
