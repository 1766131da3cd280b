"""Whatever a superuser changes by hand in an exchange, its lines, lots, quote or draws is found and named."""

from collections.abc import Iterator
from typing import Any

import pytest

from services.points.domain.rulebook import RuleKind
from tests import stack
from tests.service.points.closing_room import audited
from tests.service.points.exchanging import exchanged, rich
from tests.service.points.ledger_house import NOON, LedgerHouse, answer_of

EXCHANGED = "j.kind = 'exchange'"
IN, OUT = "b.role = 'exchange'", "a.role = 'exchange' AND b.id IS NULL"


@pytest.fixture(scope="module")
def kept() -> Iterator[stack.Database]:
    """Lend books with a few exchanges, under a fee and a limit, that stay as they are."""
    with stack.database_per_module("points") as database:
        house = LedgerHouse(database)
        terms = {"fee_bp": 150, "member_day_points": None, "pair_month_points": 100_000}
        house.add_rule(RuleKind.EXCHANGE, "group", terms)
        for assets, points, unit in (("RESI-MALL", 1_003, "residential"), ("OFFI-HOTL", 400, "office")):
            somebody = rich(house, 2_000, unit)
            answer_of(exchanged(house.first, somebody, assets, points, NOON)[1])
            answer_of(exchanged(house.first, somebody, assets, points // 2, NOON)[1])
        house.close()
        yield database


def line(books: stack.Database, condition: str) -> Any:
    """Give the last transfer of an exchange that fits."""
    return stack.rows(
        books.superuser_url,
        "SELECT t.id, t.journal_id, j.subject FROM transfers t"
        " JOIN journals j ON j.id = t.journal_id AND j.kind = 'exchange'"
        " LEFT JOIN accounts a ON a.id = t.from_account LEFT JOIN accounts b ON b.id = t.to_account"
        f" WHERE {condition} ORDER BY t.id DESC LIMIT 1",
    )[0]


def found_after(books: stack.Database, change: str, *parameters: object) -> dict[str, str]:
    """Change a row as the superuser and give what the auditor finds: invariant by row."""
    stack.rows(books.superuser_url, f"{change} RETURNING 1", *parameters)
    return {finding.row: finding.invariant for finding in audited(books).findings}


def test_untouched_exchanges_have_no_finding(books: stack.Database) -> None:
    report = audited(books)
    assert report.findings == ()
    (scope,) = report.scopes
    for name in (
        "an exchange gives value for value",
        "an exchange runs at the rates it was quoted",
        "an exchanged lot keeps issuer, dates and parent",
        "whoever is rid of points by an exchange has paid for it",
        "an exchange draws from the limits of its issuers",
        "a limit counts what was drawn",
    ):
        assert scope.checked[name] >= 2, name


@pytest.mark.parametrize(
    "change",
    [
        "amount = amount + 1",
        "worth_fen = worth_fen + 1",
        "worth_fen = NULL",
        "asset = 'PROP'",
        "lot_id = NULL",
    ],
)
@pytest.mark.parametrize("side", [IN, OUT])
def test_a_line_of_an_exchange(books: stack.Database, side: str, change: str) -> None:
    name, journal, subject = line(books, side)
    found = found_after(books, f"UPDATE transfers SET {change} WHERE id = %s", name)
    assert any(str(name) in row or str(journal) in row or str(subject) in row for row in found), found


@pytest.mark.parametrize("role", ["fee", "residual"])
def test_a_leg_of_the_house(books: stack.Database, role: str) -> None:
    name, journal, subject = line(books, f"b.role = '{role}'")
    found = found_after(books, "UPDATE transfers SET amount = amount + 1 WHERE id = %s", name)
    assert found[f"exchange {subject}"] == "an exchange gives value for value"
    assert found[f"journal {journal} for group"].startswith("whoever is rid of points")


@pytest.mark.parametrize("column", ["in_denominator", "out_numerator", "out_denominator"])
def test_a_rate_of_nothing_is_found_and_does_not_end_the_audit(books: stack.Database, column: str) -> None:
    found = found_after(books, f"UPDATE exchanges SET {column} = 0")
    assert "whatever is kept can be read" in found.values()


def test_a_claim_of_an_exchange(books: stack.Database) -> None:
    name, journal, _ = line(books, "t.asset = 'CNY'")
    found = found_after(books, "UPDATE transfers SET amount = amount + 100 WHERE id = %s", name)
    assert any(row.startswith(f"journal {journal} for ") for row in found)


@pytest.mark.parametrize(
    "change",
    [
        "points = points + 1",
        "given = given + 1",
        "value_fen = value_fen + 1",
        "fee_fen = fee_fen - 1",
        "residual_fen = residual_fen + 1",
        "in_numerator = in_numerator + 1",
        "out_denominator = out_denominator + 1",
        "pair_numerator = 1, pair_denominator = 9",
        "fee_bp = 0",
        "holder_id = uuidv7()",
        "day = day + 1",
        "quoted_at = quoted_at - interval '1 hour'",
        "quote_id = uuidv7()",
        "answer = replace(answer, '\"given\":', '\"given\":1')",
    ],
)
def test_what_an_exchange_says_of_itself(books: stack.Database, change: str) -> None:
    _, _, subject = line(books, OUT)
    found = found_after(books, f"UPDATE exchanges SET {change} WHERE id = %s", subject)
    assert f"exchange {subject}" in found


@pytest.mark.parametrize(
    "change",
    [
        "issuer = 'property'",
        "expires_at = expires_at + interval '1 day'",
        "earned_at = earned_at - interval '1 day'",
        "parent_id = NULL",
        "origin = 'change'",
        "receipt_number = 'another'",
    ],
)
def test_a_lot_that_came_of_an_exchange(books: stack.Database, change: str) -> None:
    name, _, _ = line(books, OUT)
    found = found_after(
        books, f"UPDATE lots SET {change} WHERE id = (SELECT lot_id FROM transfers WHERE id = %s)", name
    )
    assert any(row.startswith(f"transfer {name} for transfer ") for row in found)


def test_an_exchange_that_vanished_and_one_without_a_journal(books: stack.Database) -> None:
    _, journal, subject = line(books, OUT)
    assert f"journal {journal}" in found_after(books, "DELETE FROM exchanges WHERE id = %s", subject)


def test_a_draw_of_an_exchange(books: stack.Database) -> None:
    _, _, subject = line(books, OUT)
    found = found_after(books, "UPDATE draws SET amount = amount - 1 WHERE subject = %s", subject)
    assert any(row.startswith(f"draw of {subject} from exchange:") for row in found)
    assert any(row.startswith("limit exchange:") for row in found)


def test_a_draw_that_is_missing(books: stack.Database) -> None:
    _, _, subject = line(books, OUT)
    found = found_after(books, "DELETE FROM draws WHERE subject = %s", subject)
    assert any(row.startswith(f"draw of {subject} from exchange:") for row in found)
