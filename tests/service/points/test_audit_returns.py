"""A return, a debt or a line of theirs changed by hand, by a superuser who gets past triggers, is named."""

from collections.abc import Iterator

import pytest

from tests import stack
from tests.service.points.closing_room import audited
from tests.service.points.tampering import by_hand, closed_books, named, one, pick

MONTHS = pytest.mark.parametrize("month", ["2017-01-01", "2017-03-01"])
OF_RETURNS = "t.journal_id IN (SELECT id FROM journals WHERE kind = 'return')"
OF_REPAYMENTS = "t.journal_id IN (SELECT id FROM journals WHERE kind = 'repayment')"
OWED = "what is owed is not what the lots did not give"
ELSEWHERE = "its debt is another wallet's, or another unit's"
PLACE = "unit or time are not those of its journal, or it does not follow the returns before it"


@pytest.fixture(scope="module")
def kept() -> Iterator[stack.Database]:
    """Lend closed books with returns, debts and repayments that stay as they are."""
    with closed_books() as database:
        for kind in ("return", "repayment"):
            assert one(database, "SELECT count(DISTINCT month) FROM journals WHERE kind = %s", kind) > 1
        assert one(database, "SELECT count(*) FROM debts WHERE fen > 0")
        yield database


def told(database: stack.Database, row: str) -> list[str]:
    """Give what the auditor says of rows whose names begin so."""
    return [finding.told for finding in audited(database).findings if finding.row.startswith(row)]


def return_of(database: stack.Database, line: int) -> str:
    """Give the name of the return that a line belongs to."""
    return str(
        one(
            database,
            "SELECT f.name FROM transfers t JOIN journals j ON j.id = t.journal_id"
            " JOIN returns f ON f.id = j.subject WHERE t.id = %s",
            line,
        )
    )


def test_untouched_books_with_returns_have_no_finding(books: stack.Database) -> None:
    report = audited(books)
    assert report.findings == ()
    counted: dict[str, int] = {}
    for scope in report.told_to_group()["scopes"]:
        for name, rows in scope["checked"].items():
            counted[name] = counted.get(name, 0) + rows
    assert counted["a return takes what the receipt's terms say"] == one(
        books, "SELECT count(*) FROM returns"
    )
    assert counted["a debt is repaid by what new points paid"] == one(
        books, "SELECT count(*) FROM journals WHERE kind = 'repayment'"
    )


@MONTHS
def test_points_that_a_return_took(books: stack.Database, month: str) -> None:
    line = pick(books, month, f"{OF_RETURNS} AND t.asset <> 'CNY'")
    name = return_of(books, line)
    by_hand(books, "UPDATE transfers SET amount = amount + 1 WHERE id = %s", line)
    assert OWED in told(books, name)


@MONTHS
def test_money_that_a_return_lent(books: stack.Database, month: str) -> None:
    line = pick(books, month, f"{OF_RETURNS} AND t.asset = 'CNY'")
    name = return_of(books, line)
    by_hand(books, "UPDATE transfers SET amount = amount + 100 WHERE id = %s", line)
    assert OWED in told(books, name)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("points = points + 1", "it took not what the receipt's terms say"),
        ("amount_fen = amount_fen - 1", PLACE),
        ("returned_fen = returned_fen + 1", PLACE),
        ("unit = 'nobody'", PLACE),
        ("debt_fen = debt_fen + 1", OWED),
        ("receipt_id = gen_random_uuid()", PLACE),
        ("answer = replace(answer, '\"debt_fen\":', '\"debt_fen\":1')", "it was answered otherwise"),
    ],
)
def test_a_return_as_it_was_kept(books: stack.Database, change: str, reason: str) -> None:
    name = one(books, "SELECT name FROM returns WHERE points > 0 AND debt_fen > 0 ORDER BY id LIMIT 1")
    by_hand(books, f"UPDATE returns SET {change} WHERE name = %s", name)
    assert reason in told(books, name)


def test_a_return_that_is_gone(books: stack.Database) -> None:
    id_ = one(books, "SELECT id FROM returns WHERE points > 0 ORDER BY id LIMIT 1")
    journal = one(books, "SELECT id FROM journals WHERE subject = %s", id_)
    by_hand(books, "DELETE FROM returns WHERE id = %s", id_)
    assert "a journal without its return" in told(books, f"journal {journal}")


def test_a_receipt_whose_terms_were_made_milder(books: stack.Database) -> None:
    """Whoever makes a receipt's amount larger afterwards lets its owner keep points: the return says so."""
    name, receipt = stack.rows(
        books.superuser_url, "SELECT name, receipt_id FROM returns WHERE points > 0 ORDER BY id LIMIT 1"
    )[0]
    by_hand(books, "UPDATE receipts SET amount_fen = 2 * amount_fen WHERE id = %s", receipt)
    assert "it took not what the receipt's terms say" in told(books, str(name))


def test_a_debt_that_somebody_forgave(books: stack.Database) -> None:
    account, wallet = stack.rows(
        books.superuser_url, "SELECT account, wallet_id FROM debts WHERE fen > 0 ORDER BY account LIMIT 1"
    )[0]
    by_hand(books, "UPDATE debts SET fen = 0 WHERE account = %s", account)
    found = named(books)
    assert any(row.startswith(("debt of", f"account {account}")) for row in found), (found, wallet)


@pytest.mark.parametrize(
    "change",
    [
        "wallet_id = (SELECT id FROM wallets WHERE id <> wallet_id ORDER BY id LIMIT 1)",
        "wallet_id = gen_random_uuid()",
        "issuer = 'nobody'",
    ],
)
def test_a_debt_that_was_laid_on_somebody_else_or_is_owed_to_another_unit(
    books: stack.Database, change: str
) -> None:
    """The sums are right, and the next receipt of whoever never owed a thing would pay."""
    account = one(books, "SELECT account FROM debts WHERE fen > 0 ORDER BY account LIMIT 1")
    by_hand(books, f"UPDATE debts SET {change} WHERE account = %s", account)
    returns = {
        row
        for (row,) in stack.rows(
            books.superuser_url,
            "SELECT f.name FROM returns f JOIN journals j ON j.subject = f.id"
            " JOIN transfers t ON t.journal_id = j.id WHERE t.from_account = %s",
            account,
        )
    }
    found = [one for one in audited(books).findings if one.told == ELSEWHERE]
    assert {one.row for one in found} == returns


@MONTHS
def test_money_by_which_a_debt_became_smaller(books: stack.Database, month: str) -> None:
    if not one(books, "SELECT count(*) FROM journals WHERE kind = 'repayment' AND month = %s", month):
        month = "2017-02-01"
    line = pick(books, month, f"{OF_REPAYMENTS} AND t.to_account >= 1000000000000000")
    journal = one(books, "SELECT journal_id FROM transfers WHERE id = %s", line)
    by_hand(books, "UPDATE transfers SET amount = amount + 100 WHERE id = %s", line)
    assert "the debt became smaller by another amount than was paid" in told(books, f"journal {journal}")


def test_a_repayment_that_reached_another_units_debt(books: stack.Database) -> None:
    line, other = stack.rows(
        books.superuser_url,
        "SELECT t.id, o.account FROM transfers t JOIN debts d ON d.account = t.to_account"
        " JOIN debts o ON o.issuer <> d.issuer ORDER BY t.id, o.account LIMIT 1",
    )[0]
    journal = one(books, "SELECT journal_id FROM transfers WHERE id = %s", line)
    by_hand(books, "UPDATE transfers SET to_account = %s WHERE id = %s", other, line)
    assert "it repays another unit than the one that was paid" in told(books, f"journal {journal}")
