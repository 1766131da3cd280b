"""One line or lot changed by hand, by a superuser who gets past triggers, is found and named."""

from contextlib import closing

import pytest

from services.points.domain.auditing import AuditUnderWay
from services.points.jobs import audit
from shared.runtime.database import connect
from tests import stack
from tests.service.points.closing_room import audited
from tests.service.points.tampering import EARNED, SLICE, by_hand, named, one, pick


def test_untouched_books_have_no_finding(books: stack.Database) -> None:
    report = audited(books)
    assert report.findings == ()
    assert report.told_to_group()["sound"] is True
    assert {"lines", "scope"} - set(report.told_to_group()["scopes"][0]) == {"lines"}


@pytest.mark.parametrize("condition", ["points_left > 1", "points_left = earned AND parent_id IS NULL"])
def test_points_left_of_a_lot(books: stack.Database, condition: str) -> None:
    lot = one(books, f"SELECT id FROM lots WHERE {condition} ORDER BY id LIMIT 1")
    by_hand(books, "UPDATE lots SET points_left = points_left - 1 WHERE id = %s", lot)
    assert f"lot {lot}" in named(books)


def test_a_lot_that_is_emptied_and_shut(books: stack.Database) -> None:
    lot = one(books, "SELECT id FROM lots WHERE points_left > 1 ORDER BY id DESC LIMIT 1")
    by_hand(books, "UPDATE lots SET points_left = 0, is_open = false WHERE id = %s", lot)
    assert f"lot {lot}" in named(books)


@pytest.mark.parametrize("month", ["2017-01-01", "2017-02-01", "2017-03-01"])
def test_amount_of_a_line_that_earned(books: stack.Database, month: str) -> None:
    line = pick(books, month, EARNED)
    lot = one(books, "SELECT lot_id FROM transfers WHERE id = %s", line)
    by_hand(books, "UPDATE transfers SET amount = amount + 1 WHERE id = %s", line)
    found = named(books)
    assert f"transfer {line} of lot {lot}" in found
    assert any(row.startswith("batch ") for row in found)


@pytest.mark.parametrize("month", ["2017-01-01", "2017-03-01"])
def test_amount_and_worth_of_a_slice(books: stack.Database, month: str) -> None:
    line = pick(books, month, SLICE)
    by_hand(books, "UPDATE transfers SET amount = amount + 1 WHERE id = %s", line)
    assert any(row.startswith(f"transfer {line}") for row in named(books))
    by_hand(books, "UPDATE transfers SET amount = amount - 1, worth_fen = worth_fen + 1 WHERE id = %s", line)
    assert any(row.startswith(f"transfer {line}") for row in named(books))


@pytest.mark.parametrize("change", ["amount = amount + 100", "cause_id = cause_id - 1", "amount = 1"])
def test_a_line_of_money(books: stack.Database, change: str) -> None:
    line = pick(books, "2017-02-01", "t.asset = 'CNY'")
    by_hand(books, f"UPDATE transfers SET {change} WHERE id = %s", line)
    assert any(
        row.endswith(f"settled by transfer {line}") or row == f"transfer {line}" for row in named(books)
    )


def test_money_sent_to_another_unit(books: stack.Database) -> None:
    line = pick(books, "2017-02-01", "t.asset = 'CNY'")
    by_hand(
        books,
        "UPDATE transfers SET to_account = (SELECT id FROM accounts WHERE role = 'clearing'"
        " AND id NOT IN (from_account, to_account) LIMIT 1) WHERE id = %s",
        line,
    )
    found = named(books)
    assert any(row.endswith(f"settled by transfer {line}") for row in found)
    assert "summary of 2017-02" in found


@pytest.mark.parametrize("month", ["2017-01-01", "2017-03-01"])
def test_from_account_of_a_line_that_earned(books: stack.Database, month: str) -> None:
    line = pick(books, month, EARNED)
    by_hand(
        books,
        "UPDATE transfers SET from_account = (SELECT id FROM accounts WHERE role = 'issued'"
        " AND id <> from_account LIMIT 1) WHERE id = %s",
        line,
    )
    assert any(row.startswith(f"transfer {line} of lot") for row in named(books))


@pytest.mark.parametrize("month", ["2017-01-01", "2017-03-01"])
def test_from_account_of_a_line_that_spent(books: stack.Database, month: str) -> None:
    line = pick(books, month, SLICE)
    by_hand(
        books,
        "UPDATE transfers SET from_account = (SELECT account FROM wallets WHERE account <> from_account"
        " LIMIT 1) WHERE id = %s",
        line,
    )
    assert any(row.startswith(f"transfer {line} of wallet") for row in named(books))


@pytest.mark.parametrize("order", ["ASC", "DESC"])
@pytest.mark.parametrize(
    "change",
    [
        "issuer = CASE issuer WHEN 'hotel' THEN 'office' ELSE 'hotel' END",
        "wallet_id = (SELECT id FROM wallets w WHERE w.id <> wallet_id LIMIT 1)",
        "asset = CASE asset WHEN 'HOTL' THEN 'OFFI' ELSE 'HOTL' END",
        "earned = earned + 1",
    ],
)
def test_what_a_lot_says_of_itself(books: stack.Database, change: str, order: str) -> None:
    lot = one(
        books, f"SELECT id FROM lots WHERE points_left > 0 AND parent_id IS NULL ORDER BY id {order} LIMIT 1"
    )
    line = one(books, "SELECT min(id) FROM transfers WHERE lot_id = %s", lot)
    by_hand(books, f"UPDATE lots SET {change} WHERE id = %s", lot)
    assert any(row.startswith((f"transfer {line}", f"lot {lot}")) for row in named(books))


@pytest.mark.parametrize("column", ["expires_at", "available_at", "earned_at"])
def test_dates_of_a_lot(books: stack.Database, column: str) -> None:
    lot, number = stack.rows(
        books.superuser_url, "SELECT id, receipt_number FROM lots WHERE parent_id IS NULL ORDER BY id LIMIT 1"
    )[0]
    by_hand(books, f"UPDATE lots SET {column} = {column} + interval '1 day' WHERE id = %s", lot)
    assert any(row.startswith("receipt ") and f"|{number}|" in row for row in named(books))


@pytest.mark.parametrize(("month", "condition"), [("2017-01-01", EARNED), ("2017-03-01", EARNED)])
def test_a_deleted_line_that_earned(books: stack.Database, month: str, condition: str) -> None:
    line = pick(books, month, condition)
    journal, lot = stack.rows(
        books.superuser_url, "SELECT journal_id, lot_id FROM transfers WHERE id = %s", line
    )[0]
    by_hand(books, "DELETE FROM transfers WHERE id = %s", line)
    found = named(books)
    assert f"journal {journal}" in found
    assert f"lot {lot}" in found or f"closing of lot {lot}" in found


def test_a_deleted_line_of_money(books: stack.Database) -> None:
    line = pick(books, "2017-02-01", "t.asset = 'CNY'")
    cause = one(books, "SELECT cause_id FROM transfers WHERE id = %s", line)
    by_hand(books, "DELETE FROM transfers WHERE id = %s", line)
    assert f"transfer {cause}" in named(books)


def test_a_deleted_journal(books: stack.Database) -> None:
    journal, line = stack.rows(
        books.superuser_url,
        "SELECT j.id, min(t.id) FROM journals j JOIN transfers t ON t.journal_id = j.id"
        " WHERE j.month = '2017-01-01' AND j.kind = 'earning' GROUP BY j.id LIMIT 1",
    )[0]
    by_hand(books, "DELETE FROM journals WHERE id = %s", journal)
    assert any(row.startswith(f"transfer {line} of lot") for row in named(books))


def test_a_journal_that_vanished_with_all_its_lines(books: stack.Database) -> None:
    journal, receipt = stack.rows(
        books.superuser_url,
        "SELECT j.id, r.name FROM journals j JOIN receipts r ON r.id = j.subject WHERE j.month = '2017-01-01'"
        " LIMIT 1",
    )[0]
    by_hand(books, "DELETE FROM transfers WHERE journal_id = %s", journal)
    by_hand(books, "DELETE FROM journals WHERE id = %s", journal)
    found = named(books)
    assert receipt in found
    assert any(row.startswith("batch ") for row in found)


def test_a_line_put_in_by_hand(books: stack.Database) -> None:
    by_hand(
        books,
        "INSERT INTO transfers SELECT month, nextval('transfer_id'), journal_id, asset, amount, from_account,"
        " to_account, lot_id, cause_id, worth_fen FROM transfers t WHERE month = '2017-01-01' LIMIT 1",
    )
    assert any(row.startswith(("closing of lot", "lot ")) for row in named(books))


@pytest.mark.parametrize("column", ["id", "lot_id", "journal_id", "to_account"])
def test_two_lines_that_were_swapped(books: stack.Database, column: str) -> None:
    first = pick(books, "2017-01-01", EARNED)
    second = one(
        books,
        "SELECT b.id FROM transfers a"
        " JOIN transfers b ON b.month = a.month AND b.asset = a.asset AND b.id > a.id"
        " AND b.to_account <> a.to_account AND b.from_account = a.from_account AND b.amount <> a.amount"
        " WHERE a.id = %s ORDER BY b.id LIMIT 1",
        first,
    )
    swapped = stack.rows(
        books.superuser_url, f"SELECT id, {column} FROM transfers WHERE id IN (%s, %s)", first, second
    )
    values = {line: value for line, value, *_ in swapped}
    if column == "id":
        by_hand(books, "UPDATE transfers SET id = -1 WHERE id = %s", first)
        by_hand(books, "UPDATE transfers SET id = %s WHERE id = %s", first, second)
        by_hand(books, "UPDATE transfers SET id = %s WHERE id = -1", second)
    else:
        by_hand(books, f"UPDATE transfers SET {column} = %s WHERE id = %s", values[second], first)
        by_hand(books, f"UPDATE transfers SET {column} = %s WHERE id = %s", values[first], second)
    found = named(books)
    assert any(row.startswith("batch ") for row in found)
    if column != "id":
        assert any(row.startswith(f"transfer {first}") for row in found) or column == "journal_id"


def test_the_account_of_a_wallet(books: stack.Database) -> None:
    wallet = one(books, "SELECT wallet_id FROM lots WHERE points_left > 0 ORDER BY id LIMIT 1")
    by_hand(books, "UPDATE wallets SET account = 999999 WHERE id = %s", wallet)
    found = named(books)
    assert any(row.startswith(f"wallet {wallet} in ") for row in found)
    assert any(f"of wallet {wallet}" in row for row in found)


def test_a_wallet_that_is_gone(books: stack.Database) -> None:
    wallet, lot = stack.rows(
        books.superuser_url,
        "SELECT wallet_id, min(id::text) FROM lots WHERE points_left > 0 GROUP BY 1 LIMIT 1",
    )[0]
    by_hand(books, "DELETE FROM wallets WHERE id = %s", wallet)
    assert any(row.startswith("lot ") for row in named(books))
    assert any(finding.told == "its wallet is missing" for finding in audited(books).findings), lot


def test_all_books_are_read_by_one_at_a_time(kept: stack.Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_ALONE", ("SET LOCAL lock_timeout = 50", *audit._ALONE[1:]))
    with (
        closing(connect(kept.url("auditor"), audit.AUDIT_OPTIONS)) as first,
        closing(connect(kept.url("auditor"), audit.AUDIT_OPTIONS)) as second,
    ):
        with first.cursor() as cursor:
            cursor.execute(audit._ALONE[1])
        with pytest.raises(AuditUnderWay):
            audit.audit_all(second)
        # The auditor's own rounds wait for nobody.
        assert audit.audit_once(second, 0).findings == ()
        first.rollback()
        assert audit.audit_all(second).findings == ()
