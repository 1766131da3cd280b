"""Refunds at real desks: never more than was paid, however many ask at once, in exactly one month."""

from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import date, datetime, timedelta

import pytest

from services.points.jobs.close_months import CLOSING_OPTIONS, close_draining
from services.points.queries.history import history
from services.points.queries.redemption import redemption_of
from shared.kernel.calendar import SHANGHAI
from shared.kernel.command import Answer
from shared.kernel.ids import read
from shared.runtime.database import Reader, connect
from tests.service.points.closing_room import audited, closed, stated
from tests.service.points.crowd import killed_at
from tests.service.points.hold_room import capture, hold, placed
from tests.service.points.ledger_house import (
    FEBRUARY,
    JANUARY,
    NOON,
    LedgerHouse,
    answer_of,
    code_of,
    earn,
    later,
    link,
    redeem,
    redemption_id,
    refund,
)

LATER = NOON + timedelta(days=2)
TURN = datetime(2017, 2, 1, tzinfo=SHANGHAI)


def paid(house: LedgerHouse, identity: str, order: str, fen: int, at: datetime = NOON) -> str:
    """Redeem at the hotel and give the redemption's id."""
    return redemption_id(house.obey(redeem(identity, "hotel", order, fen, at))[0])


def test_a_night_paid_from_three_wallets_comes_back_to_each_in_two_parts(house: LedgerHouse) -> None:
    for unit in ("office", "mall-east", "residential"):
        answer_of(house.obey(link("mem_guest", unit, "guest"))[0])
    house.fund("guest", 203, at=NOON)
    answer_of(house.obey(earn("mall-east", "guest", 100_000, "guest-1", NOON - timedelta(days=10)))[0])
    answer_of(house.obey(earn("residential", "guest", 10_000_000, "guest-2", NOON - timedelta(days=9)))[0])
    before = house.available("mem_guest", LATER)
    night = paid(house, "mem_guest", "night", 1_203, NOON + timedelta(hours=1))
    first = answer_of(house.obey(refund(night, "hotel", "night-1", 401, LATER))[0])
    assert first["left_fen"] == 802
    second = answer_of(house.obey(refund(night, "hotel", "night-2", 802, LATER))[0])
    assert (second["refunded_fen"], second["left_fen"]) == (1_203, 0)
    assert house.available("mem_guest", LATER) == before == 1_203
    assert code_of(house.obey(refund(night, "hotel", "night-3", 1, LATER))[0]) == "refund-above-paid"
    assert audited(house.database).findings == ()


def test_what_came_back_is_read_with_the_redemption_and_in_the_members_history(house: LedgerHouse) -> None:
    identity = house.fund("reader", 1_000)
    night = paid(house, identity, "reader", 300)
    answers = [answer_of(house.obey(refund(night, "hotel", f"reader-{n}", 100, LATER))[0]) for n in (1, 2)]
    ((holder,),) = house.rows("SELECT holder_id::text FROM wallets WHERE identity = %s", identity)
    reader = Reader(house.database.url("reader"), size=1)
    with closing(reader):
        with reader.asked_by(unit="hotel") as questions:
            told = redemption_of(questions, night)
        with reader.asked_by(holder=holder) as questions:
            page, _ = history(questions, 50, None)
        with reader.asked_by(unit="office") as questions:
            # Whose points they were knows the lines, and no refund of the hotel's own.
            assert questions.rows("SELECT 1 FROM refunds") == []
    assert (told["refunded_fen"], told["refunds"], told["paid_fen"]) == (200, answers, 300)
    assert [(one["kind"], one["order_no"], one["movements"][0]["points"]) for one in page] == [
        ("refund", "reader", 100),
        ("refund", "reader", 100),
        ("redemption", "reader", -300),
        ("earning", None, 1_000),
    ]


def test_of_thirty_refunds_at_once_exactly_what_was_paid_comes_back(house: LedgerHouse) -> None:
    """Refund above capture, and twice in parallel: 30 tills give back 100 fen each of 1,000."""
    identity = house.fund("crowd", 1_000)
    night = paid(house, identity, "crowd", 1_000)
    desks = [house.desk(), house.desk()]
    waiting = [
        later(desks[place % 2], refund(night, "hotel", f"crowd-{place}", 100, LATER)) for place in range(30)
    ]
    codes = Counter(code_of(answer) for one in waiting for answer in one.result(40))
    print(f"30 refunds of 100 at once: {dict(codes)}")
    assert codes == {"ok": 10, "refund-above-paid": 20}
    assert house.points_of(identity) == 1_000


def test_one_refund_sent_by_twenty_at_once_under_other_keys_happens_once(house: LedgerHouse) -> None:
    identity = house.fund("twin", 500)
    night = paid(house, identity, "twin", 500)
    desks = [house.desk(), house.desk()]
    waiting = [later(desks[place % 2], refund(night, "hotel", "twin-1", 200, LATER)) for place in range(20)]
    answers: list[Answer] = [answer for one in waiting for answer in one.result(40)]
    assert len({answer.json for answer in answers}) == 1
    assert house.rows("SELECT count(*) FROM refunds WHERE refund_no = 'twin-1'") == [(1,)]
    assert house.points_of(identity) == 200
    other = paid(house, identity, "twin-2", 200)
    assert code_of(house.obey(refund(other, "hotel", "twin-1", 200, LATER))[0]) == "refund-conflict"


def test_a_wallet_that_was_linked_since_is_refilled_under_its_new_holder(house: LedgerHouse) -> None:
    identity = house.fund("moved", 400)
    night = paid(house, identity, "moved", 400)
    answer_of(house.obey(link("mem_moved", "office", "moved"))[0])
    # The link and the refund in one batch: the lock is that of whoever holds the wallet by then.
    answers = house.obey(link("mem_other", "office", "moved"), refund(night, "hotel", "moved-1", 150, LATER))
    assert [code_of(one) for one in answers] == ["ok", "ok"]
    ((holder,),) = house.rows("SELECT holder_id::text FROM wallets WHERE identity = 'mem_other'")
    rows = house.rows("SELECT holder_id::text FROM journals WHERE kind = 'refund' AND holder_id = %s", holder)
    assert rows == [(holder,)]
    assert house.available("mem_other", LATER) == 150


def test_points_that_came_back_can_be_spent_and_come_back_again(house: LedgerHouse) -> None:
    identity = house.fund("round", 300)
    for turn in range(5):
        night = paid(house, identity, f"round-{turn}", 300)
        answer_of(house.obey(refund(night, "hotel", f"round-{turn}", 299, LATER))[0])
        answer_of(house.obey(refund(night, "hotel", f"round-{turn}b", 1, LATER))[0])
    assert house.points_of(identity) == 300
    assert house.rows(
        "SELECT count(*) FROM lots l JOIN wallets w ON w.id = l.wallet_id WHERE identity = %s", identity
    ) == [(1,)]


def months_of(house: LedgerHouse, refund_no: str) -> list[tuple[date, date | None]]:
    """Give month and concerned month of every journal of a refund."""
    return [
        (month, concerns)
        for month, concerns in house.rows(
            "SELECT j.month, j.concerns_month FROM journals j JOIN refunds f ON f.id = j.subject"
            " WHERE f.refund_no = %s",
            refund_no,
        )
    ]


def test_a_refund_after_the_seal_is_in_the_next_months_statement_and_nets_still_sum_to_zero(
    fresh: LedgerHouse,
) -> None:
    """Finance looks at next month's statement: what January was owed is given back in February."""
    identity = fresh.fund("late", 1_000)
    night = paid(fresh, identity, "late", 500)
    assert [one.issued for one in closed(fresh, JANUARY)] == [True]
    january = stated(fresh, JANUARY)
    assert (january["hotel"]["net_fen"], january["office"]["net_fen"]) == (500, -500)
    told = answer_of(fresh.obey(refund(night, "hotel", "late-1", 200, TURN + timedelta(days=1)))[0])
    # Said in February of January: booked in February, and it says whom it concerns.
    answer_of(fresh.obey(refund(night, "hotel", "late-2", 100, TURN - timedelta(seconds=1)))[0])
    assert told["undone"] == [{"issuer": "office", "amount_fen": 200}]
    assert months_of(fresh, "late-1") == [(FEBRUARY, None)]
    assert months_of(fresh, "late-2") == [(FEBRUARY, JANUARY)]
    assert [one.issued for one in closed(fresh, FEBRUARY)] == [True]
    february = stated(fresh, FEBRUARY)
    assert (february["hotel"]["net_fen"], february["office"]["net_fen"]) == (-300, 300)
    assert (february["office"]["points"]["OFFI"]["refunded"], stated(fresh, JANUARY)) == (300, january)
    assert sum(one["net_fen"] for one in february.values()) == 0
    assert audited(fresh.database).findings == ()


def test_refunds_at_the_months_cut_off_are_each_in_exactly_one_month(fresh: LedgerHouse) -> None:
    """F20: 60 refunds of the last second of January run while January is closed and sealed."""
    identity = fresh.fund("edge", 6_000)
    night = paid(fresh, identity, "edge", 6_000)
    desks = [fresh.desk(), fresh.desk()]
    last = TURN - timedelta(seconds=1)

    def close() -> bool:
        fresh.close_month(JANUARY, TURN)
        with closing(connect(fresh.database.url("desk"), CLOSING_OPTIONS)) as connection:
            while not any(one.issued for one in close_draining(connection, fresh.first.obey_all)):
                pass
        return True

    def hand_in(first: int, behind: int) -> list[Future[list[Answer]]]:
        return [
            later(desks[place % 2], refund(night, "hotel", f"e{place}", 100, last))
            for place in range(first, behind)
        ]

    with ThreadPoolExecutor(1) as pool:
        waiting = hand_in(0, 20)
        shutting = pool.submit(close)
        waiting += hand_in(20, 45)
        assert shutting.result(60)
        waiting += hand_in(45, 60)
        codes = Counter(code_of(answer) for one in waiting for answer in one.result(60))
    booked = [months_of(fresh, f"e{place}") for place in range(60)]
    counted = Counter(one[0] for one in booked)
    print(f"60 refunds at the cut-off: {dict(codes)}; booked {dict(counted)}")
    assert codes == {"ok": 60}
    assert {len(one) for one in booked} == {1}
    assert set(counted) == {(JANUARY, None), (FEBRUARY, JANUARY)}
    points = stated(fresh, JANUARY)["office"]["points"]["OFFI"]
    assert points["refunded"] == 100 * counted[JANUARY, None]
    assert [one.issued for one in closed(fresh, FEBRUARY)] == [True]
    assert stated(fresh, FEBRUARY)["office"]["points"]["OFFI"]["refunded"] == 100 * counted[FEBRUARY, JANUARY]
    assert fresh.points_of(identity) == 6_000
    assert audited(fresh.database).findings == ()


@pytest.mark.parametrize("point", ["desk.load", "desk.save", "desk.before_commit", "desk.after_commit"])
def test_a_desk_killed_in_a_refund_refunds_once(house: LedgerHouse, point: str) -> None:
    identity = house.fund(f"killed-{point}", 300)
    night = paid(house, identity, f"killed-{point}", 300)
    command = refund(night, "hotel", f"killed-{point}", 120, LATER)
    assert killed_at(house.database.url("desk"), point, [command]) == 9
    assert answer_of(house.obey(command)[0])["refunded_fen"] == 120
    assert house.points_of(identity) == 120


def test_a_capture_comes_back_as_a_redemption_does(house: LedgerHouse) -> None:
    """A night on hold is captured in two parts and one of them given back: to the lots, change included."""
    identity = house.fund("HELD", 400)
    answer_of(house.obey(earn("mall-east", "HELD", 20_000, "held-m", NOON - timedelta(days=10)))[0])
    answer_of(house.obey(link("mem_held", "office", "HELD"), link("mem_held", "mall-east", "HELD"))[1])
    held = placed(house, hold(identity, "held-1", 451))
    parts = [answer_of(house.obey(capture(held, str(place), fen))[0]) for place, fen in enumerate((48, 403))]
    ids = [read("red", part["redemption"]) or "" for part in parts]
    before = house.available("mem_held", LATER)
    for place, (id_, fen) in enumerate(zip(ids, (48, 403), strict=True)):
        told = answer_of(house.obey(refund(id_, "hotel", f"held-r{place}", fen, LATER))[0])
        assert (told["refunded_fen"], told["left_fen"]) == (fen, 0)
    assert house.available("mem_held", LATER) == before + 451
    assert code_of(house.obey(refund(ids[0], "hotel", "held-r9", 1, LATER))[0]) == "refund-above-paid"
    assert audited(house.database).findings == ()
