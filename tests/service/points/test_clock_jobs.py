"""The clock keeps the calendar, the broom sweeps by age, and a stack without a clock has no clock door."""

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.points.commands.open_month import OpenMonth
from services.points.jobs.audit import AUDIT_OPTIONS
from services.points.jobs.close_months import CLOSING_OPTIONS
from services.points.jobs.keep_calendar import keep_calendar
from services.points.jobs.timetable import BROOMS, timetable
from shared.kernel.calendar import SHANGHAI, month_after, month_of
from shared.kernel.command import Asked
from shared.runtime.clock import mint_id
from shared.runtime.database import connect
from shared.runtime.rounds import Rounds
from shared.runtime.sweeping import swept
from tests.service.points.closing_room import closed
from tests.service.points.exchanging import carrying_out, quoted, rich
from tests.service.points.ledger_house import JANUARY, LedgerHouse, answer_of, earn

PAST = date(2016, 11, 1)


def kept(house: LedgerHouse, moment: datetime) -> Any:
    """Let the clock look at the calendar once."""
    with closing(connect(house.database.url("desk"))) as connection:
        return keep_calendar(connection, house.first.obey_all, moment)


def jobs_of(house: LedgerHouse, *, clock: bool = True) -> Sequence[Rounds]:
    """List the jobs of a process that works on this house, none of them started."""
    url = house.database.url
    return timetable(
        lambda: connect(url("desk")),
        lambda: connect(url("desk"), CLOSING_OPTIONS),
        lambda: connect(url("auditor"), AUDIT_OPTIONS),
        house.first.obey_all,
        audit_every_s=60,
        clock=clock,
    )


def states(house: LedgerHouse) -> dict[date, tuple[str, str]]:
    """Read state and opener of every month."""
    return {
        month: (state, by) for month, state, by in house.rows("SELECT month, state, opened_by FROM months")
    }


def test_the_clock_opens_this_month_and_the_next_two(fresh: LedgerHouse) -> None:
    moment = datetime(2030, 11, 30, 23, 59, 59, tzinfo=SHANGHAI)
    assert kept(fresh, moment) == {
        "opened": ["2030-11", "2030-12", "2031-01"],
        "closed": [],
        "refused": [],
    }
    assert kept(fresh, moment) is None
    # The desk goes by its own clock, which says that November 2030 is far from over.
    assert kept(fresh, moment + timedelta(seconds=1)) == {
        "opened": ["2031-02"],
        "closed": [],
        "refused": ["month-not-over"],
    }
    assert states(fresh)[date(2031, 2, 1)] == ("open", "clock")


def test_the_clock_closes_only_what_it_opened(fresh: LedgerHouse) -> None:
    answer_of(fresh.obey(OpenMonth(Asked(mint_id()), PAST, by_clock=True))[0])
    present = month_of(datetime.now(UTC))
    told = kept(fresh, datetime.now(UTC))
    assert told["closed"] == ["2016-11"]
    assert told["opened"] == [f"{month_after(present, n):%Y-%m}" for n in range(3)]
    assert states(fresh)[PAST] == ("draining", "clock")
    # January to March 2017 are over as well, but an operator opened them.
    assert states(fresh)[JANUARY] == ("open", "operator-1")
    assert [one.issued for one in closed(fresh)] == [True]


def test_a_month_that_the_clock_opened_waits_for_an_operators_earlier_one(fresh: LedgerHouse) -> None:
    april = date(2017, 4, 1)
    answer_of(fresh.obey(OpenMonth(Asked(mint_id()), april, by_clock=True))[0])
    told = kept(fresh, datetime.now(UTC))
    assert (told["closed"], told["refused"]) == ([], ["month-order"])
    assert states(fresh)[april] == ("open", "clock")


def test_answers_are_swept_after_30_days_and_nonces_once_they_expired(fresh: LedgerHouse) -> None:
    answer_of(fresh.obey(earn("hotel", "1", 10_000, "r1"))[0])
    kept_names = fresh.rows("SELECT count(*) FROM inbox")[0][0]
    moment = datetime.now(UTC)
    for name, age in (("a", 31), ("b", 29)):
        fresh.rows(
            "INSERT INTO inbox (name, fingerprint, refused, answer, answered_at)"
            " VALUES (%s, '', false, '{}', %s)",
            f"importer {name}",
            moment - timedelta(days=age),
        )
        fresh.rows(
            "INSERT INTO nonces (name, owner, expires_at) VALUES (%s, %s, %s)",
            name,
            mint_id(),
            moment - timedelta(days=age - 30),
        )
    with closing(connect(fresh.database.url("desk"))) as connection:
        done = swept(connection, moment)
        again = swept(connection, moment)
    assert done is not None
    assert (done["answers"], done["nonces"]) == (1, 1)
    assert again is None
    assert fresh.rows("SELECT count(*) FROM inbox") == [(kept_names + 1,)]
    assert fresh.rows("SELECT count(*) FROM receipts") == [(1,)]


def test_pay_codes_and_quotes_are_swept_a_day_after_they_ended_but_not_what_was_used(
    fresh: LedgerHouse,
) -> None:
    moment = datetime.now(UTC)
    for digest, hours in (("old", 25), ("young", 23)):
        fresh.rows(
            "INSERT INTO pay_codes (digest, identity, issued_at, expires_at) VALUES (%s, 'hotel:1', %s, %s)",
            digest,
            moment - timedelta(hours=hours, minutes=1),
            moment - timedelta(hours=hours),
        )
    who = rich(fresh, 1_000)
    used, _ = (quoted(fresh, who, "RESI-HOTL", 100) for _ in range(2))
    answer_of(fresh.obey(carrying_out(who, used))[0])
    with closing(connect(fresh.database.url("desk"))) as connection:
        # The quotes are of January 2017.
        done = swept(connection, moment, BROOMS) or {}
    assert (done["pay-codes"], done["quotes"]) == (1, 1)
    assert fresh.rows("SELECT digest FROM pay_codes") == [("young",)]
    assert fresh.rows("SELECT 'quo_' || replace(id::text, '-', '') FROM quotes") == [(used["quote"],)]


def test_more_answers_than_one_transaction_takes_are_swept(fresh: LedgerHouse) -> None:
    fresh.rows(
        "INSERT INTO inbox SELECT 'old ' || n, '', false, '{}', now() - interval '40 days'"
        " FROM generate_series(1, 11000) AS n"
    )
    with closing(connect(fresh.database.url("desk"))) as connection:
        done = swept(connection, datetime.now(UTC))
    assert done is not None
    assert done["answers"] == 11_000


@pytest.mark.parametrize(
    ("clock", "clock_doors"), [(True, {"keep-calendar", "expire-points", "expire-holds"}), (False, set())]
)
def test_a_stack_without_a_clock_has_no_clock_door(
    fresh: LedgerHouse, clock: bool, clock_doors: set[str]
) -> None:
    jobs = jobs_of(fresh, clock=clock)
    always = {"close-months", "audit", "audit-on-demand", "sweep", "watch-budgets", "watch-pairs"}
    assert {job.name for job in jobs} == always | clock_doors


def test_a_database_that_falls_under_a_job_is_an_outage_and_no_defect(fresh: LedgerHouse) -> None:
    kept = [job for job in jobs_of(fresh) if job.name in ("close-months", "audit", "audit-on-demand")]
    with capture_logs() as lines:
        for job in kept:
            job.go_once()
        fresh.rows(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        for job in kept:
            job.go_once()
    faults = [(line["job"], line["event"]) for line in lines if line["event"] not in ("job", "audit.finding")]
    assert faults == [(job.name, "job.away") for job in kept]
    assert not any("already closed" in line["cause"] for line in lines if line["event"] == "job.away")
