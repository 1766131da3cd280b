"""What a hold says of itself, changed by hand, is found and named; so are lines, captures, journals gone."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from shared.kernel.calendar import month_bounds
from tests import stack
from tests.service.points.closing_room import audited, closed, stated, summarised, traffic
from tests.service.points.hold_room import capture, expired, hold, placed, release
from tests.service.points.ledger_house import FEBRUARY, JANUARY, LedgerHouse, answer_of
from tests.service.points.tampering import by_hand, named, one

TURN = month_bounds(JANUARY)[1]
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def kept() -> Iterator[stack.Database]:
    """Lend books with two closed months; holds end in the first, over its end, in the second, and not yet."""
    with stack.database_per_module("points") as database:
        house = LedgerHouse(database)
        traffic(house, JANUARY, 41, 60)
        before, after = TURN - 2 * HOUR, TURN + HOUR
        mine = house.fund("a", 5_000, "office", before - HOUR)
        mall = house.fund("b", 500, "mall-east", before - timedelta(days=8))
        whole = placed(house, hold(mine, "whole", 500, at=before))
        answer_of(house.obey(capture(whole, "1", 500, at=before + HOUR))[0])
        over = placed(house, hold(mall, "over", 1_003, at=before))
        answer_of(house.obey(capture(over, "1", 501, at=before + HOUR))[0])
        placed(house, hold(mine, "forgotten", 300, at=before))
        assert [shut.issued for shut in closed(house, JANUARY)] == [True]
        answer_of(house.obey(capture(over, "2", 1, at=after, final=True))[0])
        gone = placed(house, hold(mine, "gone", 400, at=after))
        answer_of(house.obey(release(gone, at=after + HOUR))[0])
        assert expired(house, TURN + 24 * HOUR) == {"holds": 1}
        traffic(house, FEBRUARY, 42, 60)
        late = month_bounds(FEBRUARY)[1] - HOUR
        part = placed(house, hold(mine, "part", 700, at=late))
        answer_of(house.obey(capture(part, "1", 100, at=late))[0])
        placed(house, hold(mall, "open", 255, at=late))
        assert [shut.issued for shut in closed(house, FEBRUARY)] == [True]
        _check_statements(house)
        house.close()
        yield database


def _check_statements(house: LedgerHouse) -> None:
    """See that points on hold at a month's end are outstanding, and captures are stated like redemptions."""
    hotel = stated(house, JANUARY)["hotel"]
    assert hotel["redeemed_here"]["office"]["OFFI"]["points"] >= 500
    left = house.rows(
        "SELECT l.asset, sum(l.points_left + coalesce(s.points, 0))::bigint FROM lots l LEFT JOIN"
        " (SELECT lot_id, sum(points_left) AS points FROM hold_slices GROUP BY lot_id) s ON s.lot_id = l.id"
        " GROUP BY l.asset HAVING sum(l.points_left + coalesce(s.points, 0)) > 0"
    )
    assert summarised(house, FEBRUARY)["outstanding"] == {asset: int(points) for asset, points in left}


def name_of(books: stack.Database, order: str) -> str:
    """Give the canonical id of the hold of an order."""
    return str(one(books, "SELECT id FROM holds WHERE order_no = %s", order))


def test_untouched_holds_have_no_finding_and_were_looked_at(books: stack.Database) -> None:
    report = audited(books)
    assert report.findings == ()
    looked = [scope.checked["a hold has its journal"] for scope in report.scopes]
    print(f"holds looked at, month by month and now: {looked}")
    assert looked == [3, 5, 2]


@pytest.mark.parametrize(
    ("order", "change"),
    [
        ("open", "amount_fen = amount_fen - 1"),
        ("open", "captured_fen = 1"),
        ("part", "captured_fen = 99"),
        ("part", "captured_fen = 700"),
        ("whole", "captured_fen = 499"),
        ("over", "captured_fen = captured_fen - 1"),
        ("gone", "captured_fen = 1"),
        ("open", "is_open = false, ended_at = expires_at, ended_by = 'expired', ended_month = month"),
        ("gone", "is_open = true, ended_at = NULL, ended_by = NULL, ended_month = NULL"),
        ("gone", "ended_by = 'expired'"),
        ("forgotten", "ended_by = 'released'"),
        ("whole", "ended_by = 'released'"),
        ("whole", "ended_at = ended_at + interval '1 minute'"),
        ("forgotten", "ended_at = ended_at - interval '1 minute'"),
        ("part", "expires_at = expires_at + interval '1 hour'"),
        ("part", "occurred_at = occurred_at - interval '1 minute'"),
        ("part", "unit = 'office'"),
        ("over", "holder_id = gen_random_uuid()"),
        ("over", "journal_id = gen_random_uuid()"),
        ("over", "price_fen = price_fen + 1"),
        ("forgotten", "expires_at = expires_at + interval '1 minute'"),
        ("over", "order_no = 'another'"),
        ("open", "order_no = 'another'"),
        ("over", "answer = '{'"),
        ("open", "answer = '[]'"),
        ("open", "identity = 'office:A'"),
        ("gone", "identity = 'office:NEVER-HEARD-OF'"),
        ("gone", "ended_month = '2017-03-01'"),
        ("forgotten", "ended_month = '2017-01-01'"),
        ("whole", "ended_month = '2017-02-01'"),
        ("over", "ended_month = '2017-01-01'"),
    ],
)
def test_what_a_hold_says_of_itself(books: stack.Database, order: str, change: str) -> None:
    hold_id = name_of(books, order)
    by_hand(books, f"UPDATE holds SET {change} WHERE id = %s", hold_id)
    assert f"hold {hold_id}" in named(books)


@pytest.mark.parametrize("order", ["whole", "over", "forgotten", "part", "open"])
@pytest.mark.parametrize("change", ["points = points + 1", "points_left = points - points_left", "lot_id"])
def test_what_a_slice_of_a_hold_says(books: stack.Database, order: str, change: str) -> None:
    hold_id = name_of(books, order)
    if change == "lot_id":
        change = "lot_id = (SELECT id FROM lots WHERE id <> lot_id AND points_left > 0 LIMIT 1)"
    by_hand(books, f"UPDATE hold_slices SET {change} WHERE hold_id = %s AND place = 0", hold_id)
    assert f"hold {hold_id}" in named(books)


def test_a_slice_that_is_gone(books: stack.Database) -> None:
    hold_id = name_of(books, "open")
    by_hand(books, "DELETE FROM hold_slices WHERE hold_id = %s", hold_id)
    found = named(books)
    assert f"hold {hold_id}" in found
    assert any(row.startswith("lot ") for row in found)


def test_a_hold_that_is_gone(books: stack.Database) -> None:
    hold_id = name_of(books, "open")
    by_hand(books, "DELETE FROM holds WHERE id = %s", hold_id)
    assert f"hold {hold_id}" in named(books)


@pytest.mark.parametrize("order", ["whole", "over", "part"])
def test_a_capture_that_is_gone_or_of_another_hold(books: stack.Database, order: str) -> None:
    hold_id = name_of(books, order)
    other = name_of(books, "gone")
    capture_name = one(books, "SELECT min(name) FROM redemptions WHERE hold_id = %s", hold_id)
    by_hand(books, "UPDATE redemptions SET hold_id = %s WHERE name = %s", other, capture_name)
    assert any(row.startswith("hold ") for row in named(books))
    by_hand(books, "DELETE FROM redemptions WHERE name = %s", capture_name)
    found = named(books)
    assert any(row.startswith("journal ") for row in found)
    assert f"hold {hold_id}" in found


@pytest.mark.parametrize("condition", ["t.to_account < 0", "t.from_account < 0"])
@pytest.mark.parametrize("month", ["2017-01-01", "2017-02-01"])
def test_the_amount_of_a_line_of_a_hold(books: stack.Database, month: str, condition: str) -> None:
    line, lot = stack.rows(
        books.superuser_url,
        f"SELECT t.id, t.lot_id FROM transfers t WHERE t.month = %s AND {condition}"
        " AND t.worth_fen IS NULL ORDER BY t.id LIMIT 1",
        month,
    )[0]
    by_hand(books, "UPDATE transfers SET amount = amount + 1 WHERE id = %s", line)
    found = named(books)
    assert any(row.startswith("hold ") for row in found), lot
    assert any(row.startswith("batch ") for row in found)


def test_points_on_hold_of_another_wallet(books: stack.Database) -> None:
    line = one(books, "SELECT max(id) FROM transfers WHERE to_account < 0")
    by_hand(
        books,
        "UPDATE transfers SET to_account ="
        " (SELECT -account FROM wallets WHERE -account <> to_account LIMIT 1) WHERE id = %s",
        line,
    )
    assert any(row.startswith(f"transfer {line} of wallet") for row in named(books))


def test_a_capture_at_another_rate(books: stack.Database) -> None:
    line = one(
        books,
        "SELECT min(t.id) FROM transfers t JOIN journals j ON j.id = t.journal_id"
        " WHERE j.kind = 'capture' AND t.worth_fen > 1",
    )
    by_hand(books, "UPDATE transfers SET worth_fen = worth_fen - 1 WHERE id = %s", line)
    assert any(row.startswith(f"transfer {line}") for row in named(books))


def test_a_journal_of_a_hold_that_is_gone(books: stack.Database) -> None:
    hold_id = name_of(books, "gone")
    by_hand(books, "DELETE FROM journals WHERE subject = %s AND kind = 'release'", hold_id)
    assert f"hold {hold_id}" in named(books)
