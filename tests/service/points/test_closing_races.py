"""Months and who is in flight: a movement is in exactly one month, and a sealed month never changes."""

import io
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime

import psycopg2
import pytest

from services.points.commands.close_month import CloseMonth
from shared.kernel.calendar import SHANGHAI
from tests import stack
from tests.service.points.closing_room import audited, closed, figures_folded, figures_stated, stated
from tests.service.points.hold_room import capture, hold, placed
from tests.service.points.ledger_house import (
    DRAFTER,
    FEBRUARY,
    JANUARY,
    LedgerHouse,
    asked,
    code_of,
    earn,
    later,
    redeem,
)
from tests.service.points.soundness import unsound
from tests.service.points.weather import Weather

FIRST_OF_FEBRUARY = datetime(2017, 2, 1, tzinfo=SHANGHAI)
IN_FEBRUARY = datetime(2017, 2, 10, 12, tzinfo=SHANGHAI)


def seal_soon(house: LedgerHouse, month: date) -> float:
    """Seal as the closing job does: again and again until nobody is inside; give the seconds it took."""
    began = time.monotonic()
    while time.monotonic() < began + 20:
        try:
            if house.seal(month):
                return time.monotonic() - began
        except psycopg2.errors.LockNotAvailable:
            continue
    raise AssertionError("the month was not sealed within 20 s")


def months_of(house: LedgerHouse, receipt: str) -> list[tuple[date, date | None]]:
    """Give month and concerned month of every journal that a receipt has."""
    return [
        (month, concerns)
        for month, concerns in house.rows(
            "SELECT j.month, j.concerns_month FROM journals j JOIN receipts r ON r.id = j.subject"
            " WHERE upper(r.number) = upper(%s)",
            receipt,
        )
    ]


def batch_of(house: LedgerHouse, kind: str) -> list[tuple[str, date, date | None]]:
    """Give kind, month and concerned month of whatever was booked in one batch with that kind."""
    return house.rows(
        "SELECT kind, month, concerns_month FROM journals WHERE batch_id ="
        " (SELECT batch_id FROM journals WHERE kind = %s) ORDER BY kind",
        kind,
    )


def close_soon(house: LedgerHouse) -> float:
    """Close January as the closing job does, again while others are inside; give the seconds it took."""
    began = time.monotonic()
    while time.monotonic() < began + 20:
        command = CloseMonth(asked(principal=DRAFTER), JANUARY, FIRST_OF_FEBRUARY)
        code = code_of(house.obey(command)[0])
        assert code in ("ok", "busy"), code
        if code == "ok":
            return time.monotonic() - began
    raise AssertionError("the month did not close within 20 s")


def close_and_seal(house: LedgerHouse) -> tuple[float, float]:
    """Close January and seal it; give the seconds both took."""
    return close_soon(house), seal_soon(house, JANUARY)


@pytest.mark.parametrize("point", ["desk.claim", "desk.load", "desk.save", "desk.before_commit"])
def test_a_batch_in_flight_while_its_month_is_sealed_is_in_one_month(fresh: LedgerHouse, point: str) -> None:
    """F20, F26: a receipt, a redemption and a capture of one batch; the statements are what the lines say."""
    payer, holder = fresh.fund("payer", 1_000), fresh.fund("holder", 1_000)
    held = placed(fresh, hold(holder, "held", 600))
    weather = Weather(fresh.database, fresh.connect)
    desk = fresh.desk(connection=weather.connection, reached=weather.reached)
    pause = weather.pause(point)
    commands = (
        earn("office", "1", 20_000, "inside"),
        redeem(payer, "hotel", "paid", 300),
        capture(held, "1", 70),
    )
    inside = later(desk, *commands)
    assert pause.there.wait(5)
    with ThreadPoolExecutor(1) as pool:
        sealing = pool.submit(close_and_seal, fresh)
        time.sleep(0.5)  # time enough to seal, were it not held back
        # Nobody is half inside: while the batch counts on January, January is not sealed.
        assert sealing.done() == (point == "desk.claim")
        pause.let_go()
        assert [code_of(one) for one in inside.result(20)] == ["ok"] * 3
        sealing.result(20)
    booked = (FEBRUARY, JANUARY) if point == "desk.claim" else (JANUARY, None)
    assert batch_of(fresh, "capture") == [(kind, *booked) for kind in ("capture", "earning", "redemption")]
    # Sealed by hand it is stated by the job; with February, every line stands in one statement.
    assert [one.month for one in closed(fresh)] == [JANUARY]
    assert [one.month for one in closed(fresh, FEBRUARY)] == [FEBRUARY]
    for month in (JANUARY, FEBRUARY):
        assert figures_stated(fresh, month) == figures_folded(fresh, month)
    owed = {month: stated(fresh, month)["hotel"]["receivable_fen"] for month in (JANUARY, FEBRUARY)}
    assert owed == {JANUARY: {}, FEBRUARY: {}, booked[0]: {"office": 370}}
    assert audited(fresh.database).findings == ()
    print(f"F20, F26 stalled at {point}: 3 movements in exactly 1 month, as its statements say")


def test_a_straggler_after_the_seal_goes_to_the_next_month_and_says_whom_it_concerns(
    fresh: LedgerHouse,
) -> None:
    identity = fresh.fund("1", 1_000)
    close_and_seal(fresh)
    leaves = fresh.rows("SELECT * FROM transfers_2017_01 ORDER BY id")
    late = fresh.obey(earn("office", "1", 20_000, "late"), redeem(identity, "hotel", "late", 300))
    assert [code_of(one) for one in late] == ["ok", "ok"]
    assert months_of(fresh, "LATE") == [(FEBRUARY, JANUARY)]
    found = fresh.rows("SELECT month, concerns_month FROM journals WHERE kind = 'redemption'")
    assert found == [(FEBRUARY, JANUARY)]
    assert fresh.rows("SELECT month FROM redemptions") == [(FEBRUARY,)]
    assert fresh.rows("SELECT * FROM transfers_2017_01 ORDER BY id") == leaves


def test_a_draining_month_still_takes_its_own_but_no_stragglers(fresh: LedgerHouse) -> None:
    close_soon(fresh)
    in_december = datetime(2016, 12, 20, 12, tzinfo=SHANGHAI)
    fresh.obey(earn("office", "1", 200, "own"), earn("office", "1", 200, "older", in_december))
    assert months_of(fresh, "OWN") == [(JANUARY, None)]
    assert months_of(fresh, "OLDER") == [(FEBRUARY, date(2016, 12, 1))]


def test_a_month_closes_and_seals_while_two_desks_are_at_work(fresh: LedgerHouse) -> None:
    desks, done = [fresh.desk(), fresh.desk()], threading.Event()
    fresh.fund("1", 100)

    def work(place: int) -> Counter[str]:
        codes: Counter[str] = Counter()
        count = 0
        while not done.is_set():
            batch = [
                earn("office", f"{place}-{one % 7}", 200, f"busy-{place}-{count + one}") for one in range(20)
            ]
            codes.update(code_of(one) for one in desks[place % 2].obey_all(batch))
            count += 20
        return codes

    with ThreadPoolExecutor(4) as pool:
        working = [pool.submit(work, place) for place in range(4)]
        time.sleep(0.5)  # the crowd is under way before the month closes
        try:
            closed_s, sealed_s = close_and_seal(fresh)
            time.sleep(0.5)  # and stays after it is sealed
        finally:
            done.set()
        codes = sum((one.result(20) for one in working), Counter())
    booked = dict(fresh.rows("SELECT month, count(*) FROM journals GROUP BY month"))
    print(f"F20: closed in {closed_s:.2f} s, sealed in {sealed_s:.2f} s beside {codes}; booked {booked}")
    assert set(codes) == {"ok"}
    assert booked[JANUARY] + booked[FEBRUARY] == codes["ok"] + 1
    assert max(closed_s, sealed_s) < 5


COLUMNS = "month, id, journal_id, asset, amount, from_account, to_account"
TAMPERINGS = {
    "insert": f"INSERT INTO transfers ({COLUMNS}) SELECT month, id + 1000000, journal_id, asset, amount,"
    " from_account, to_account FROM transfers WHERE month = '2017-01-01'",
    "insert a journal": "INSERT INTO journals SELECT month, gen_random_uuid(), kind, occurred_at, posted_at,"
    " concerns_month, holder_id, unit, sides, subject, batch_id FROM journals WHERE month = '2017-01-01'",
    "update": "UPDATE transfers SET amount = amount + 1 WHERE month = '2017-01-01'",
    "move out": "UPDATE transfers SET month = '2017-02-01' WHERE month = '2017-01-01'",
    "move in": "UPDATE transfers SET month = '2017-01-01', id = id + 1000000 WHERE month = '2017-02-01'",
    "delete": "DELETE FROM transfers WHERE month = '2017-01-01'",
    "delete a journal": "DELETE FROM journals WHERE month = '2017-01-01'",
    "truncate": "TRUNCATE transfers",
    "truncate the partition": "TRUNCATE transfers_2017_01",
    "truncate the journals": "TRUNCATE journals_2017_01",
    "update the partition": "UPDATE transfers_2017_01 SET amount = amount + 1",
}


@pytest.fixture(scope="module")
def sealed() -> Iterator[LedgerHouse]:
    """Lend a ledger whose January is sealed, with lines in January and February."""
    with stack.database_per_module("points") as database:
        opened = LedgerHouse(database)
        opened.fund("1", 100)
        close_and_seal(opened)
        opened.fund("1", 100, at=IN_FEBRUARY)
        yield opened
        opened.close()
        assert unsound(database) == {}


@pytest.mark.parametrize("who", ["desk", "owner", "superuser", "superuser in replica role"])
@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_raw_sql_into_a_sealed_month_fails_whoever_tries(
    sealed: LedgerHouse, who: str, tampering: str
) -> None:
    database = sealed.database
    url = database.superuser_url if who.startswith("superuser") else database.url(who)
    leaves = sealed.rows("SELECT * FROM transfers JOIN journals USING (month) ORDER BY transfers.id")
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            if who.endswith("replica role"):
                cursor.execute("SET session_replication_role = replica")
            with pytest.raises(psycopg2.Error) as refused:
                cursor.execute(TAMPERINGS[tampering])
        # A desk may not even touch what is written; everyone who may is met by the seal.
        assert refused.value.pgcode == "TF001" or (who == "desk" and refused.value.pgcode == "42501")
    finally:
        connection.rollback()
        connection.close()
    assert sealed.rows("SELECT * FROM transfers JOIN journals USING (month) ORDER BY transfers.id") == leaves


def test_a_copy_into_a_sealed_month_fails_for_the_superuser_in_replica_role(sealed: LedgerHouse) -> None:
    connection = psycopg2.connect(sealed.database.superuser_url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            line = io.StringIO("2017-01-01\t999999\t00000000-0000-7000-8000-000000000000\tOFFI\t1\t1\t2\n")
            with pytest.raises(psycopg2.Error) as refused:
                cursor.copy_expert(f"COPY transfers ({COLUMNS}) FROM STDIN", line)
        assert refused.value.pgcode == "TF001"
    finally:
        connection.rollback()
        connection.close()
