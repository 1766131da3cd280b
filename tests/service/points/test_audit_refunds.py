"""A refund or its line changed by hand, by a superuser who gets past triggers, is found and named."""

from collections.abc import Iterator

import pytest

from tests import stack
from tests.service.points.closing_room import audited
from tests.service.points.tampering import BACK, by_hand, closed_books, named, one, pick

MISFIT = "unit or time are not its journal's or redemption's, or it does not follow the refunds before it"
MONTHS = pytest.mark.parametrize("month", ["2017-01-01", "2017-03-01"])


@pytest.fixture(scope="module")
def kept() -> Iterator[stack.Database]:
    """Lend closed books with refunds that stay as they are."""
    with closed_books() as database:
        assert one(database, "SELECT count(*) FROM refunds WHERE month = '2017-02-01'") > 3
        # Refunds of a month that is sealed already are among them, and some of less than a point.
        assert one(
            database,
            "SELECT count(*) FROM refunds f JOIN redemptions r ON r.id = f.redemption_id"
            " WHERE r.month < f.month",
        )
        assert one(database, "SELECT count(*) FROM lots WHERE origin = 'change' AND earned = points_left")
        yield database


def told(database: stack.Database, row: str) -> list[str]:
    """Give what the auditor says of rows whose names begin so."""
    return [finding.told for finding in audited(database).findings if finding.row.startswith(row)]


def test_untouched_books_with_refunds_have_no_finding(books: stack.Database) -> None:
    assert audited(books).findings == ()


@MONTHS
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("amount = amount + 1", "its worth is not that of the line it reverses"),
        ("worth_fen = worth_fen + 1", "its worth is not that of the line it reverses"),
        ("cause_id = cause_id + 1", "it reverses no line of its redemption"),
        ("cause_id = NULL", "it reverses no line of its redemption"),
    ],
)
def test_a_line_of_a_refund(books: stack.Database, month: str, change: str, reason: str) -> None:
    line = pick(books, month, BACK)
    by_hand(books, f"UPDATE transfers SET {change} WHERE id = %s", line)
    assert reason in told(books, f"transfer {line}")


@MONTHS
def test_a_line_that_went_to_another_lot_of_the_same_wallet(books: stack.Database, month: str) -> None:
    line, other = stack.rows(
        books.superuser_url,
        "SELECT t.id, o.id FROM transfers t JOIN lots l ON l.id = t.lot_id"
        " JOIN lots o ON o.wallet_id = l.wallet_id AND o.asset = l.asset AND o.id <> l.id"
        f" WHERE t.month = %s AND {BACK} AND o.parent_id IS NULL ORDER BY t.id, o.id LIMIT 1",
        month,
    )[0]
    by_hand(books, "UPDATE transfers SET lot_id = %s WHERE id = %s", other, line)
    assert "it went neither to the lot of the line it reverses nor to one beside it" in told(
        books, f"transfer {line}"
    )


@MONTHS
def test_the_money_of_a_refund(books: stack.Database, month: str) -> None:
    line = pick(
        books,
        month,
        f"t.asset = 'CNY' AND t.cause_id IN (SELECT t.id FROM transfers t WHERE {BACK})",
    )
    cause = one(books, "SELECT cause_id FROM transfers WHERE id = %s", line)
    by_hand(books, "UPDATE transfers SET amount = amount + 100 WHERE id = %s", line)
    assert f"transfer {cause} settled by transfer {line}" in named(books)


def test_the_money_of_a_refund_that_goes_the_way_it_came(books: stack.Database) -> None:
    line = pick(
        books,
        "2017-03-01",
        f"t.asset = 'CNY' AND t.cause_id IN (SELECT t.id FROM transfers t WHERE {BACK})",
    )
    by_hand(
        books,
        "UPDATE transfers SET from_account = to_account, to_account = from_account WHERE id = %s",
        line,
    )
    assert any(row.endswith(f"settled by transfer {line}") for row in named(books))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("amount_fen = amount_fen + 1", "its lines bring back another amount"),
        ("unit = 'nobody'", MISFIT),
        ("redemption_id = gen_random_uuid()", MISFIT),
        # By this is told what can still come back: less, and it would come back twice.
        ("refunded_fen = refunded_fen - 1", MISFIT),
        ("refunded_fen = refunded_fen + 1", MISFIT),
        ("refund_no = 'another'", "it was answered otherwise"),
        ("answer = replace(answer, 'jrn_0', 'jrn_f')", "it was answered otherwise"),
    ],
)
def test_a_refund_as_it_was_kept(books: stack.Database, change: str, reason: str) -> None:
    name = one(books, "SELECT name FROM refunds ORDER BY id LIMIT 1")
    by_hand(books, f"UPDATE refunds SET {change} WHERE name = %s", name)
    assert reason in told(books, name)


def test_what_came_back_so_far_is_what_the_refunds_come_to_even_where_the_answer_agrees(
    books: stack.Database,
) -> None:
    name, so_far = stack.rows(
        books.superuser_url,
        "SELECT name, max(refunded_fen) OVER (PARTITION BY redemption_id) AS so_far FROM refunds"
        " ORDER BY so_far DESC LIMIT 1",
    )[0]
    change = (
        "UPDATE refunds SET refunded_fen = refunded_fen - 1,"
        " answer = regexp_replace(answer, '(\"refunded_fen\":)\\d+', '\\1' || (refunded_fen - 1))"
        " WHERE redemption_id = (SELECT redemption_id FROM refunds WHERE name = %s) AND refunded_fen = %s"
    )
    by_hand(books, change, name, so_far)
    assert MISFIT in [finding.told for finding in audited(books).findings]


def test_a_refund_that_is_gone(books: stack.Database) -> None:
    id_ = one(books, "SELECT id FROM refunds ORDER BY id LIMIT 1")
    journal = one(books, "SELECT id FROM journals WHERE subject = %s", id_)
    by_hand(books, "DELETE FROM refunds WHERE id = %s", id_)
    assert "a journal without its refund" in told(books, f"journal {journal}")


def test_more_refunds_than_were_paid(books: stack.Database) -> None:
    """The redemption is made smaller: what came back is more than it paid then."""
    redemption = one(books, "SELECT min(redemption_id::text) FROM refunds")
    name = one(books, "SELECT name FROM refunds WHERE redemption_id = %s ORDER BY id LIMIT 1", redemption)
    by_hand(
        books,
        "UPDATE redemptions r SET paid_fen = (SELECT sum(amount_fen) - 1 FROM refunds"
        " WHERE redemption_id = r.id) WHERE id = %s",
        redemption,
    )
    assert "more came back than points had paid" in told(books, name)


def test_a_line_that_came_back_more_than_whole_over_two_months(books: stack.Database) -> None:
    line = one(
        books,
        "SELECT t.cause_id FROM transfers t"
        f" WHERE {BACK} GROUP BY t.cause_id HAVING count(DISTINCT t.month) > 1 ORDER BY 1 LIMIT 1",
    )
    by_hand(
        books,
        "UPDATE transfers SET worth_fen = 2, amount = 2 * amount / worth_fen WHERE id = %s AND worth_fen > 2",
        line,
    )
    assert any(
        "the line it reverses came back more than whole" in finding.told
        for finding in audited(books).findings
    )
