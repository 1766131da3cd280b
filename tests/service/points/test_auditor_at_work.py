"""The auditor beside desks at work: it never cries wolf, whatever is in flight and however a batch lies."""

import threading
from contextlib import closing
from datetime import datetime, timedelta

from services.points.domain.rulebook import RuleKind
from services.points.jobs.audit import AUDIT_OPTIONS, audit_all, audit_unclosed
from shared.kernel.calendar import SHANGHAI
from shared.kernel.command import Command
from shared.runtime.database import connect
from tests.service.points.closing_room import audited, closed, over, stated
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
    redeem_up_to,
)
from tests.service.points.tampering import by_hand, named

IN_FEBRUARY = datetime(2017, 2, 10, 12, tzinfo=SHANGHAI)


def test_nothing_is_found_while_two_desks_write_and_a_month_is_sealed(fresh: LedgerHouse) -> None:
    over_now = threading.Event()
    codes: set[str] = set()

    def write(desk: PointsDesk, name: str) -> None:
        turn = 0
        while not over_now.is_set():
            turn += 1
            commands: list[Command] = []
            for place in range(20):
                unit, number = ("office", "hotel", "property")[place % 3], str(place % 4)
                at = (NOON, IN_FEBRUARY)[place % 2] + timedelta(seconds=turn)
                commands.append(earn(unit, number, 10_000, f"{name}-{turn}-{place}", at))
                commands.append(redeem_up_to(f"{unit}:{number}", "hotel", f"{name}-{turn}-{place}", 300, at))
            codes.update(code_of(answer) for answer in desk.obey_all(commands))

    writers = [
        threading.Thread(target=write, args=(desk, name))
        for desk, name in ((fresh.first, "a"), (fresh.desk(), "b"))
    ]
    for writer in writers:
        writer.start()
    try:
        with closing(connect(fresh.database.url("auditor"), AUDIT_OPTIONS)) as connection:
            seen = [audit_all(connection) for _ in range(5)]
            sealed = _closed_in_the_end(fresh)
            seen += [audit_all(connection) for _ in range(5)]
    finally:
        over_now.set()
        for writer in writers:
            writer.join()
    assert sealed
    assert [report.findings for report in seen] == [()] * 10
    assert seen[-1].rows > seen[0].rows
    assert codes <= {"ok", "insufficient-points", "busy", "in-flight"}
    assert audited(fresh.database).findings == ()


def _closed_in_the_end(house: LedgerHouse) -> bool:
    """Close January as often as it takes: others hold its row for moments."""
    while True:
        try:
            done = closed(house, JANUARY)
        except AssertionError:
            continue
        if done and done[0].issued:
            return True
        assert not done or done[0].waits_for[0] in ("writers in the month", "statements: busy"), done


def test_a_batch_that_lies_in_two_months_is_checked_from_both(fresh: LedgerHouse) -> None:
    answers = fresh.obey(
        earn("hotel", "1", 10_000, "r1", NOON), earn("hotel", "1", 10_000, "r2", IN_FEBRUARY)
    )
    assert [code_of(answer) for answer in answers] == ["ok", "ok"]
    assert fresh.rows("SELECT count(DISTINCT batch_id), count(*) FROM journals") == [(1, 2)]
    closed(fresh, JANUARY)
    assert audited(fresh.database).findings == ()
    closed(fresh, FEBRUARY)
    assert audited(fresh.database).findings == ()
    changed = "UPDATE transfers SET amount = amount {} WHERE month = '2017-02-01'"
    by_hand(fresh.database, changed.format("+ 1"))
    ((batch,),) = fresh.rows("SELECT max(batch_id) FROM journals")
    assert named(fresh.database).count(f"batch {batch}") == 2
    by_hand(fresh.database, changed.format("- 1"))
    assert audited(fresh.database).findings == ()


def test_a_rate_that_is_a_fraction_and_changes_is_judged_by_its_own_time(fresh: LedgerHouse) -> None:
    answer_of(fresh.obey(earn("mall-east", "1", 1_000_000, "r0", NOON))[0])
    answer_of(fresh.obey(redeem("mall-east:1", "office", "o0", 500, over(JANUARY)))[0])
    changes_at = datetime.now(SHANGHAI).replace(day=1) + timedelta(days=70)
    fresh.add_rule(RuleKind.RATE, "MALL", {"numerator": 7, "denominator": 3}, changes_at)
    month = changes_at.date().replace(day=1)
    fresh.open_month(month)
    answer_of(fresh.obey(earn("mall-east", "1", 1_000_000, "r1", changes_at))[0])
    later = changes_at + timedelta(days=8)
    if later.date().replace(day=1) != month:
        fresh.open_month(later.date().replace(day=1))
    # A point is worth two fen and a third: what three points do not make whole is exchanged and given back.
    paid = answer_of(fresh.obey(redeem("mall-east:1", "office", "o1", 1_000, later))[0])
    assert paid["paid_fen"] == 1_000
    assert paid["change_points"] > 0
    report = audited(fresh.database)
    assert report.findings == ()
    slices = report.scopes[-1].checked["a slice pays what it is worth at the pinned rate"]
    assert slices >= 2
    assert stated(fresh, JANUARY) == {}


def test_a_gate_may_read_for_longer_than_the_closing_job_may_write(fresh: LedgerHouse) -> None:
    """Large months take longer to check than any of the job's own transactions may last."""
    url, hurried = fresh.database.url, "-c transaction_timeout=250 -c timezone=UTC"
    with closing(connect(url("desk"), hurried)) as gate, closing(connect(url("owner"))) as other:
        with other.cursor() as cursor:
            cursor.execute("LOCK TABLE lots")
        held = threading.Timer(0.75, other.rollback)
        held.start()
        assert not audit_unclosed(gate).findings
        held.join()
        with gate, gate.cursor() as cursor:
            cursor.execute("SHOW transaction_timeout")
            assert cursor.fetchone() == ("250ms",)
