"""Why the desk is as it is: each rule of its transaction, seen in PostgreSQL's own books."""

import io
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg2
import pytest
from psycopg2.extras import LoggingConnection

from services.points.commands.earn_points import EarnPoints
from services.points.domain.rulebook import RuleKind
from shared.kernel.calendar import month_after, month_of
from shared.kernel.principal import Principal, Role
from shared.runtime.clock import now
from shared.runtime.desk import DESK_OPTIONS
from tests.service.points.ledger_house import LedgerHouse, answer_of, asked, code_of, earn, later, redeem
from tests.service.points.weather import Weather, holding

TILL = Principal("till-office", Role.UNIT_SYSTEM, "office")
SECOND = timedelta(seconds=1)
HOT = ("inbox", "holders", "wallets", "lots", "receipts", "redemptions")


def receipt(number: str, receipt_no: str, purchased_at: datetime) -> EarnPoints:
    """Make a receipt as the till of the office sends it, with no stated time."""
    return EarnPoints(asked(principal=TILL), "office", "1", receipt_no, number, 2_000, purchased_at)


def open_months_of_now(house: LedgerHouse) -> None:
    """Open last month, this one and the next by the real clock."""
    month = month_of(now())
    for one in (month_after(month, -1), month, month_after(month)):
        house.open_month(one)


def eventually(look: Callable[[], bool]) -> bool:
    """Look again for up to 10 s: PostgreSQL writes its statistics when it finds time."""
    deadline = time.monotonic() + 10
    while not look() and time.monotonic() < deadline:
        time.sleep(0.1)
    return look()


def test_nothing_hot_has_a_foreign_key(house: LedgerHouse) -> None:
    assert house.rows("SELECT conname FROM pg_constraint WHERE contype = 'f'") == []


def test_plans_made_on_empty_tables_never_scan_full_ones(house: LedgerHouse) -> None:
    desk = house.desk()
    scans = "SELECT relname, seq_scan FROM pg_stat_user_tables WHERE relname = ANY (%s)"
    reads = "SELECT sum(idx_scan) FROM pg_stat_user_tables WHERE relname = 'inbox'"
    identity = house.fund("plans", 100_000)
    before, read = dict(house.rows(scans, list(HOT))), house.rows(reads)[0][0]
    for place in range(30):
        batch = [earn("office", f"plans{one}", 200, f"plans-{place}-{one}") for one in range(30)]
        assert {code_of(one) for one in desk.obey_all(batch)} == {"ok"}
        assert code_of(desk.obey_all([redeem(identity, "hotel", f"plans-{place}", 100)])[0]) == "ok"
    assert eventually(lambda: bool(house.rows(reads)[0][0] >= read + 30))
    assert dict(house.rows(scans, list(HOT))) == before


def test_plans_are_made_anew_now_and_then(house: LedgerHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Books that grow faster than they are analyzed are not served by a plan for small ones for long."""
    said = io.StringIO()

    def listening() -> LoggingConnection:
        opened: LoggingConnection = psycopg2.connect(
            house.database.url("desk"), options=DESK_OPTIONS, connection_factory=LoggingConnection
        )
        opened.initialize(said)
        return opened

    desk = house.desk(connection=listening)
    assert code_of(desk.obey_all([earn("office", "anew", 200, "anew-1")])[0]) == "ok"
    assert "DISCARD PLANS" not in said.getvalue()
    monkeypatch.setattr("shared.runtime.desk.PLANS_S", 0.0)
    assert code_of(desk.obey_all([earn("office", "anew", 200, "anew-2")])[0]) == "ok"
    assert said.getvalue().count("DISCARD PLANS") == 1


def test_spending_a_lot_in_parts_stays_on_its_page(house: LedgerHouse) -> None:
    identity = house.fund("pages", 30_000)
    counts = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'lots'"
    ((updated, hot),) = house.rows(counts)
    for place in range(100):
        assert code_of(house.obey(redeem(identity, "hotel", f"pages-{place}", 100))[0]) == "ok"
    assert eventually(lambda: bool(house.rows(counts)[0][0] >= updated + 100))
    ((updated_after, hot_after),) = house.rows(counts)
    assert hot_after - hot >= 0.9 * (updated_after - updated)


def test_the_clock_is_read_after_the_locks(house: LedgerHouse) -> None:
    open_months_of_now(house)
    house.fund("clock", 10)
    lock = "SELECT 1 FROM holders WHERE id = (SELECT holder_id FROM wallets WHERE identity = %s) FOR UPDATE"
    with holding(house.database.superuser_url, lock, "office:CLOCK"):
        waiting = later(house.first, receipt("clock", "clock", now() - SECOND))
        time.sleep(0.7)  # so long that a reading before the lock is told from one after it
        freed = now()
    assert code_of(waiting.result(5)[0]) == "ok"
    ((posted,),) = house.rows(
        "SELECT posted_at FROM journals j JOIN receipts r ON r.id = j.subject WHERE r.number = 'clock'"
    )
    assert freed <= posted < freed + timedelta(seconds=2)


def test_a_till_has_from_45_days_back_to_5_minutes_ahead_by_the_clock_of_the_books(
    house: LedgerHouse,
) -> None:
    moment, slack = now(), timedelta(seconds=20)
    house.open_month(month_after(month_of(moment), -2))
    back, ahead = timedelta(days=45), timedelta(minutes=5)
    told = house.obey(
        receipt("till", "1", moment - back + slack),
        receipt("till", "2", moment - back - slack),
        receipt("till", "3", moment + ahead - slack),
        receipt("till", "4", moment + ahead + slack),
    )
    assert [code_of(one) for one in told] == ["ok", "receipt-too-late", "ok", "receipt-too-early"]
    months = house.rows(
        "SELECT r.number, j.month FROM journals j JOIN receipts r ON r.id = j.subject"
        " JOIN wallets w ON w.id = r.wallet_id WHERE w.identity = 'office:TILL' ORDER BY 1"
    )
    assert months == [("1", month_of(moment - back + slack)), ("3", month_of(moment + ahead - slack))]


def test_a_rule_approved_at_one_desk_is_known_to_the_next_batch_of_another(house: LedgerHouse) -> None:
    other = house.desk()
    begins = datetime.now(UTC) + timedelta(minutes=3)
    house.open_month(month_after(month_of(begins), 2))
    before = other.obey_all([earn("office", "shelf", 20_000, "shelf-1", begins - SECOND)])
    double = {"points": 2, "per_fen": 200, "cap": None, "pending_days": 0, "expiry_months": 24}
    house.add_rule(RuleKind.EARN, "office", double, begins)
    after = other.obey_all(
        [
            earn("office", "shelf", 20_000, "shelf-2", begins - SECOND),
            earn("office", "shelf", 20_000, "shelf-3", begins),
        ]
    )
    assert [answer_of(one)["points"] for one in (*before, *after)] == [100, 100, 200]


def test_a_desk_that_stands_still_for_6_s_loses_its_transaction_and_not_its_commands(
    house: LedgerHouse,
) -> None:
    weather = Weather(house.database, house.connect)
    desk = house.desk(connection=weather.connection, reached=weather.reached)
    identity = house.fund("still", 1_000)
    weather.stall("desk.save", 6)
    command = redeem(identity, "hotel", "still", 300)
    began = time.monotonic()
    waiting = later(desk, command)
    # Its locks end with its transaction after 5 s: nobody else waits for a desk that hangs.
    assert eventually(lambda: "desk.save" in weather.seen)
    elsewhere = later(house.first, redeem(identity, "hotel", "still-2", 300))
    assert code_of(elsewhere.result(20)[0]) == "ok"
    assert time.monotonic() - began < 5.9
    (told,) = waiting.result(20)
    assert told.refusal is not None
    assert told.refusal.retryable
    assert code_of(desk.obey_all([command])[0]) == "ok"
    assert house.points_of(identity) == 400


def test_a_receipt_sent_again_after_its_month_was_sealed_is_the_first_answer(house: LedgerHouse) -> None:
    command = earn("office", "again", 20_000, "again")
    first = house.obey(command)[0]
    house.close_month(datetime(2017, 1, 1).date(), datetime(2017, 2, 1, tzinfo=UTC))
    assert house.seal(datetime(2017, 1, 1).date())
    under_new_key = house.obey(earn("office", "again", 20_000, "again"))[0]
    assert under_new_key.json == first.json == house.obey(command)[0].json
    assert house.points_of("office:again") == 100
