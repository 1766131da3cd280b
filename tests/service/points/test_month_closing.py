"""A month that drains is sealed, stated and snapshotted once, equal to a fold of its raw lines."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.points.jobs import close_months
from services.points.jobs.close_months import CLOSING_OPTIONS, MonthCloser, close_draining
from shared.kernel.calendar import SHANGHAI
from shared.kernel.command import Answer
from shared.kernel.refusal import Busy
from shared.runtime.database import connect
from tests import stack
from tests.service.points.closing_room import (
    audited,
    closed,
    figures_folded,
    figures_stated,
    folded,
    over,
    owed_of,
    refunds_of,
    returns_of,
    stated,
    summarised,
    traffic,
)
from tests.service.points.ledger_house import (
    FEBRUARY,
    JANUARY,
    MARCH,
    NOON,
    UNITS,
    LedgerHouse,
    answer_of,
    earn,
    link,
    redeem,
)

MEMBER = "mem_" + "a" * 32


class Killed(BaseException):
    """The closing job's process is gone."""


@pytest.fixture(scope="module")
def two_months() -> Iterator[LedgerHouse]:
    """Lend a ledger with two closed months of random traffic, and a third that is open."""
    with stack.database_per_module("points") as database:
        opened = LedgerHouse(database)
        for month, seed in ((JANUARY, 11), (FEBRUARY, 12)):
            traffic(opened, month, seed)
            assert refunds_of(opened, month)
            assert returns_of(opened, month)
            assert [one.issued for one in closed(opened, month)] == [True]
        traffic(opened, MARCH, 13)
        yield opened
        opened.close()


@pytest.mark.parametrize("month", [JANUARY, FEBRUARY])
def test_the_summary_is_what_raw_lines_add_up_to(two_months: LedgerHouse, month: Any) -> None:
    sums, summary = folded(two_months, month), summarised(two_months, month)
    owed = {
        issuer: {redeemer: fen for (payer, redeemer), fen in owed_of(sums["sums"]).items() if payer == issuer}
        for issuer in UNITS
    }
    assert summary["owed_fen"] == {issuer: claims for issuer, claims in owed.items() if claims}
    assert summary["issued"] == {key[1]: amount for key, amount in sums["sums"].items() if key[0] == "issued"}
    assert summary["redeemed_fen"] == {
        key[1]: amount for key, amount in sums["sums"].items() if key[0] == "redeemed fen"
    }
    assert summary["change_points"] == sums["sums"][("change",)]
    assert summary["outstanding"] == {asset: points for (asset,), points in sums["lasting"].items() if points}
    assert set(summary) == set(
        "receipts redemptions refused change_points issued redeemed_fen owed_fen net_fen outstanding".split()
    )


@pytest.mark.parametrize("month", [JANUARY, FEBRUARY])
def test_statements_are_what_raw_lines_add_up_to(two_months: LedgerHouse, month: Any) -> None:
    assert figures_stated(two_months, month) == figures_folded(two_months, month)


@pytest.mark.parametrize("month", [JANUARY, FEBRUARY])
def test_nets_sum_to_zero_and_are_not_all_zero(two_months: LedgerHouse, month: Any) -> None:
    nets = [figures["net_fen"] for figures in stated(two_months, month).values()]
    assert sum(nets) == 0
    assert any(nets)
    rows = two_months.rows("SELECT sum(net_fen)::bigint FROM statements WHERE month = %s", month)
    assert rows == [(0,)]


def test_a_month_opens_with_what_the_last_one_closed_with(two_months: LedgerHouse) -> None:
    january, february = stated(two_months, JANUARY), stated(two_months, FEBRUARY)
    for unit, figures in february.items():
        for asset, moved in figures["points"].items():
            before = january[unit]["points"].get(asset, {"closing": 0})
            assert moved["opening"] == before["closing"], (unit, asset)


def test_counts_of_units_are_those_of_the_group(two_months: LedgerHouse) -> None:
    summary, statements = summarised(two_months, FEBRUARY), stated(two_months, FEBRUARY)
    for name in ("receipts", "redemptions", "refused"):
        assert summary[name] == sum(one[name] for one in statements.values()) > 0
    (receipts,) = two_months.rows("SELECT count(*) FROM receipts WHERE month = %s", FEBRUARY)[0]
    assert summary["receipts"] == receipts == 120


def test_the_auditor_finds_nothing_and_says_what_it_left_out(two_months: LedgerHouse) -> None:
    report = audited(two_months.database)
    assert report.findings == ()
    assert len(report.scopes) == 3
    assert report.rows > 1_000
    assert report.not_checked


def test_closing_a_closed_month_again_changes_nothing(two_months: LedgerHouse) -> None:
    before = two_months.rows("SELECT id, figures, issued_at FROM statements ORDER BY id")
    assert closed(two_months, JANUARY, FEBRUARY) == []
    assert two_months.rows("SELECT id, figures, issued_at FROM statements ORDER BY id") == before


def test_the_seal_and_each_statement_are_announced_once(two_months: LedgerHouse) -> None:
    counted = dict(
        two_months.rows(
            "SELECT type, count(*) FROM outbox WHERE key LIKE '%%2017-01%%' GROUP BY type ORDER BY type"
        )
    )
    assert counted == {"points.month.sealed": 1, "points.statement.issued": len(UNITS) + 1}


@pytest.mark.parametrize("point", ["closing.sealed", "closing.issued", "closing.snapshot"])
def test_a_closing_job_killed_at_any_step_is_taken_up_by_the_next(fresh: LedgerHouse, point: str) -> None:
    traffic(fresh, JANUARY, 21, count=30)

    def kill(where: str) -> None:
        if where == point:
            raise Killed

    with pytest.raises(Killed):
        closed(fresh, JANUARY, reached=kill)
    stated_before = fresh.rows("SELECT id, figures, issued_at FROM statements ORDER BY id")
    assert bool(stated_before) == (point != "closing.sealed")
    assert [one.issued for one in closed(fresh)] == ([] if point == "closing.snapshot" else [True])
    if stated_before:
        assert fresh.rows("SELECT id, figures, issued_at FROM statements ORDER BY id") == stated_before
    assert fresh.rows("SELECT count(*) FROM closings") == [(1,)]
    assert fresh.rows("SELECT count(*) FROM statements") == [(len(UNITS) + 1,)]
    assert audited(fresh.database).findings == ()


def test_statements_that_the_desk_could_not_take_are_issued_in_the_next_round(fresh: LedgerHouse) -> None:
    traffic(fresh, JANUARY, 22, count=10)
    (waiting,) = closed(fresh, JANUARY, obey=lambda commands: [Answer(refusal=Busy())] * len(commands))
    assert waiting.waits_for == ("statements: busy",)
    assert [one.issued for one in closed(fresh)] == [True]


def test_a_late_receipt_is_booked_in_the_open_month_and_says_whom_it_concerns(fresh: LedgerHouse) -> None:
    closed(fresh, JANUARY)
    before = stated(fresh, JANUARY)
    answer_of(fresh.obey(earn("hotel", "1", 10_000, "late", NOON))[0])
    assert fresh.rows("SELECT month, concerns_month FROM journals") == [(FEBRUARY, JANUARY)]
    closed(fresh, FEBRUARY)
    assert summarised(fresh, JANUARY)["issued"] == {}
    assert summarised(fresh, FEBRUARY)["issued"] == {"hotel": 300}
    assert stated(fresh, JANUARY) == before
    assert audited(fresh.database).findings == ()


def test_points_booked_late_may_be_spent_in_the_month_that_still_drains(fresh: LedgerHouse) -> None:
    december = NOON - timedelta(days=40)
    answer_of(fresh.obey(link(MEMBER, "office", "1"))[0])
    fresh.close_month(JANUARY, over(JANUARY))
    # December was never opened and January takes no stragglers any more: the lot begins in February.
    answer_of(fresh.obey(earn("office", "1", 100_000, "old", december))[0])
    answer_of(fresh.obey(redeem(MEMBER, "hotel", "o1", 200, NOON))[0])
    assert [one.issued for one in closed(fresh)] == [True]
    assert stated(fresh, JANUARY)["office"]["points"]["OFFI"]["closing"] == -200
    assert [one.issued for one in closed(fresh, FEBRUARY)] == [True]
    points = stated(fresh, FEBRUARY)["office"]["points"]["OFFI"]
    assert (points["opening"], points["issued"], points["closing"]) == (-200, 500, 300)
    assert audited(fresh.database).findings == ()


def test_a_flat_pays_at_hotel_and_mall_as_worked_out_by_hand(fresh: LedgerHouse) -> None:
    # A flat for 6 million earns 30,000 RESI; 12,000 are spent at the hotel, 8,000 in the mall.
    answer_of(fresh.obey(earn("residential", "1", 600_000_000, "flat"))[0])
    fresh.obey(
        redeem("residential:1", "hotel", "o1", 12_000), redeem("residential:1", "mall-east", "o2", 8_000)
    )
    closed(fresh, JANUARY)
    summary, residential = summarised(fresh, JANUARY), stated(fresh, JANUARY)["residential"]
    assert summary["owed_fen"] == {"residential": {"hotel": 12_000, "mall-east": 8_000}}
    assert summary["net_fen"] == {"residential": -20_000, "hotel": 12_000, "mall-east": 8_000}
    assert summary["outstanding"] == {"RESI": 10_000}
    assert residential["points"]["RESI"] == {
        "opening": 0,
        "issued": 30_000,
        "redeemed_here": 0,
        "redeemed_here_fen": 0,
        "redeemed_elsewhere": 20_000,
        "redeemed_elsewhere_fen": 20_000,
        "exchanged_out": 0,
        "exchanged_in": 0,
        "change_given": 0,
        "expired": 0,
        "closing": 10_000,
    }


def test_mall_and_hotel_points_pay_an_office_service_as_worked_out_by_hand(fresh: LedgerHouse) -> None:
    # 100 MALL (5 fen each) and 300 HOTL pay 800: the mall owes the office 5.00, the hotel 3.00.
    answer_of(fresh.obey(link(MEMBER, "mall-east", "1"), link(MEMBER, "hotel", "1"))[1])
    fresh.obey(earn("mall-east", "1", 100_000, "r1"), earn("hotel", "1", 10_000, "r2"))
    answer_of(fresh.obey(redeem(MEMBER, "office", "o1", 800, datetime(2017, 2, 10, tzinfo=SHANGHAI)))[0])
    assert [one.issued for one in closed(fresh, JANUARY, FEBRUARY)] == [True, True]
    assert summarised(fresh, FEBRUARY)["net_fen"] == {"office": 800, "mall-east": -500, "hotel": -300}
    assert stated(fresh, FEBRUARY)["office"]["receivable_fen"] == {"mall-east": 500, "hotel": 300}


def test_change_of_a_point_that_pays_in_part_is_the_issuers_and_owed_when_spent(fresh: LedgerHouse) -> None:
    late = datetime(2017, 2, 10, tzinfo=SHANGHAI)
    answer_of(fresh.obey(earn("mall-east", "1", 100_000, "r1"))[0])
    answer_of(fresh.obey(redeem("mall-east:1", "office", "o1", 103, late))[0])
    closed(fresh, JANUARY, FEBRUARY)
    points = stated(fresh, FEBRUARY)["mall-east"]["points"]
    assert (points["MALL"]["redeemed_elsewhere"], points["MALL"]["exchanged_out"]) == (20, 1)
    assert (points["GRUP"]["exchanged_in"], points["GRUP"]["change_given"]) == (5, 2)
    assert (points["GRUP"]["redeemed_elsewhere"], points["GRUP"]["closing"]) == (3, 2)
    assert summarised(fresh, FEBRUARY)["owed_fen"] == {"mall-east": {"office": 103}}
    assert summarised(fresh, FEBRUARY)["change_points"] == 2


def test_a_month_waits_while_an_event_is_parked(fresh: LedgerHouse) -> None:
    fresh.rows(
        "INSERT INTO parked (topic, partition, position, event_id, key, headers, body, cause)"
        " VALUES ('tongfen.member.v1', 0, 1, 'x', 'k', '[]', '', 'a gap')"
    )
    (waiting,) = closed(fresh, JANUARY)
    assert waiting.waits_for == ("1 event(s) of tongfen.member.v1 are parked",)
    fresh.rows("UPDATE parked SET healed_at = now()")
    assert [one.issued for one in closed(fresh)] == [True]


def test_a_month_waits_until_every_feeder_has_ended_it(fresh: LedgerHouse) -> None:
    fresh.rows("INSERT INTO feeders (service, partitions) VALUES ('mall', 2)")
    fresh.rows(
        "INSERT INTO markers (service, month, partition, heard_at) VALUES ('mall', '2017-01-01', 0, now())"
    )
    (waiting,) = closed(fresh, JANUARY)
    assert waiting.waits_for == ("mall has not ended the month on 1 partition(s)",)
    fresh.rows(
        "INSERT INTO markers (service, month, partition, heard_at) VALUES ('mall', '2017-01-01', 1, now())"
    )
    assert [one.issued for one in closed(fresh)] == [True]


def test_a_month_whose_books_do_not_add_up_is_not_sealed(fresh: LedgerHouse) -> None:
    answer_of(fresh.obey(earn("hotel", "1", 10_000, "r1"))[0])
    fresh.rows("UPDATE lots SET points_left = points_left - 1")
    (waiting,) = closed(fresh, JANUARY)
    assert "points left differ by -1 from its lines" in waiting.waits_for[0]
    assert fresh.rows("SELECT state FROM months WHERE month = %s", JANUARY) == [("draining",)]
    fresh.rows("UPDATE lots SET points_left = points_left + 1")
    assert [one.issued for one in closed(fresh)] == [True]


def test_a_month_waits_for_an_earlier_one_that_was_opened_meanwhile(fresh: LedgerHouse) -> None:
    december = datetime(2016, 12, 1, tzinfo=SHANGHAI).date()
    fresh.close_month(JANUARY, over(JANUARY))
    fresh.open_month(december)
    (waiting,) = closed(fresh)
    assert waiting.waits_for == ("2016-12 is not sealed",)
    assert [one.issued for one in closed(fresh, december)] == [True, True]


def test_writers_in_the_month_are_waited_for_and_named(
    fresh: LedgerHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(close_months, "ATTEMPTS", 2)
    fresh.close_month(JANUARY, over(JANUARY))
    with closing(connect(fresh.database.url("desk"))) as writer, writer.cursor() as cursor:
        cursor.execute("SELECT 1 FROM months WHERE month = %s FOR SHARE", (JANUARY,))
        (waiting,) = closed(fresh)
        assert waiting.waits_for == ("writers in the month",)
        writer.rollback()
    assert [one.issued for one in closed(fresh)] == [True]


def test_the_moment_of_the_seal_comes_after_the_last_writer(fresh: LedgerHouse) -> None:
    fresh.close_month(JANUARY, over(JANUARY))
    with (
        closing(connect(fresh.database.url("desk"))) as writer,
        writer.cursor() as cursor,
        ThreadPoolExecutor(1) as closer,
    ):
        cursor.execute("SELECT 1 FROM months WHERE month = %s FOR SHARE", (JANUARY,))
        sealing = closer.submit(closed, fresh)
        waits = (
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        while not sealing.done() and not fresh.rows(waits):
            continue
        cursor.execute("SELECT clock_timestamp()")
        (posted_at,) = cursor.fetchone()
        writer.commit()
        assert [one.issued for one in sealing.result()] == [True]
    assert fresh.rows("SELECT sealed_at > %s FROM months WHERE month = %s", posted_at, JANUARY) == [(True,)]


def test_of_two_closing_jobs_one_works_and_the_other_leaves(fresh: LedgerHouse) -> None:
    fresh.close_month(JANUARY, over(JANUARY))
    seen = []

    def meanwhile(where: str) -> None:
        if where == "closing.sealed":
            seen.append(closed(fresh))

    with closing(connect(fresh.database.url("desk"), CLOSING_OPTIONS)) as connection:
        done = close_draining(connection, fresh.first.obey_all, reached=meanwhile)
    assert [one.issued for one in done] == [True]
    assert seen == [[]]


def test_the_job_closes_month_after_month_and_rests_after_one_that_waits(fresh: LedgerHouse) -> None:
    closer = MonthCloser(
        lambda: connect(fresh.database.url("desk"), CLOSING_OPTIONS), fresh.first.obey_all, rest_s=60
    )
    assert closer.step() is None
    fresh.close_month(JANUARY, over(JANUARY))
    assert closer.step() == {"closed": ["2017-01"], "waiting": {}}
    fresh.rows("INSERT INTO feeders (service, partitions) VALUES ('mall', 1)")
    fresh.close_month(FEBRUARY, over(FEBRUARY))
    told = closer.step()
    assert told is not None
    assert list(told["waiting"]) == ["2017-02"]
    assert closer.step() is None
