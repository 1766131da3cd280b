"""What is kept of lines, changed by hand, is found as well: batches, papers, snapshots, seals."""

from contextlib import closing

import psycopg2
import pytest

from services.points.jobs.audit import AUDIT_OPTIONS, Auditor, audit_once
from shared.runtime.database import connect
from shared.runtime.metrics import LEDGER_IMBALANCE
from tests import stack
from tests.service.points.closing_room import audited
from tests.service.points.tampering import by_hand, named, one


@pytest.mark.parametrize(
    "change", ["digest = sha256('x'::bytea)", "rows = rows + 1", "digest = (SELECT min(digest) FROM batches)"]
)
def test_a_batch_whose_digest_or_size_is_edited(books: stack.Database, change: str) -> None:
    batch = one(
        books, "SELECT id FROM batches WHERE digest <> (SELECT min(digest) FROM batches) ORDER BY id LIMIT 1"
    )
    by_hand(books, f"UPDATE batches SET {change} WHERE id = %s", batch)
    assert named(books) == [f"batch {batch}"]


@pytest.mark.parametrize("table", ["journals", "batches"])
def test_a_journal_that_was_posted_at_another_moment_than_its_batch(
    books: stack.Database, table: str
) -> None:
    """When a journal was posted says which rates were known then, and whether a month was sealed before."""
    batch = one(books, "SELECT max(batch_id) FROM journals WHERE month = '2017-02-01'")
    key = "batch_id" if table == "journals" else "id"
    by_hand(books, f"UPDATE {table} SET posted_at = posted_at - interval '1 second' WHERE {key} = %s", batch)
    told = {one.row: one.told for one in audited(books).findings}
    assert told[f"batch {batch}"] == "a journal of it was posted at another moment than it was"


def test_a_batch_that_is_gone(books: stack.Database) -> None:
    batch = one(books, "SELECT max(id) FROM batches")
    by_hand(books, "DELETE FROM batches WHERE id = %s", batch)
    assert named(books) == [f"batch {batch}"]


SPOILED_STATEMENTS = {
    "hotel": "UPDATE statements SET net_fen = net_fen + 1 WHERE unit = 'hotel' AND month = '2017-01-01'",
    "office": """UPDATE statements SET figures = replace(figures, '"net_fen":', '"net_fen":1')
        WHERE unit = 'office' AND month = '2017-01-01'""",
    "mall-east": """UPDATE statements SET figures = jsonb_set(figures::jsonb, '{receipts}', '0')::text
        WHERE unit = 'mall-east' AND month = '2017-01-01'""",
    "property": "DELETE FROM statements WHERE unit = 'property' AND month = '2017-01-01'",
}


@pytest.mark.parametrize(("name", "change"), SPOILED_STATEMENTS.items())
def test_a_figure_of_a_statement(books: stack.Database, name: str, change: str) -> None:
    by_hand(books, change)
    assert named(books) == [f"statement of {name} for 2017-01"]


def test_a_figure_of_the_summary(books: stack.Database) -> None:
    by_hand(
        books,
        "UPDATE summaries SET figures = jsonb_set(figures::jsonb, '{refused}', '77')::text"
        " WHERE month = '2017-02-01'",
    )
    (finding,) = audited(books).findings
    assert finding.row == "summary of 2017-02"
    assert "refused 77 instead of" in finding.told


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        (
            "UPDATE receipts SET answer = replace(answer, 'available_at\":\"', 'available_at\":\"x')",
            "receipts",
        ),
        ("UPDATE refunds SET answer = 'x' WHERE month = '2017-03-01'", "refunds"),
        ("UPDATE returns SET answer = 'x' WHERE month = '2017-02-01'", "returns"),
        ("UPDATE returns SET answer = '{}' WHERE month = '2017-02-01'", "returns"),
    ],
)
def test_what_cannot_be_read_any_more_is_found_and_hides_nothing_else(
    books: stack.Database, change: str, asked: str
) -> None:
    by_hand(books, change)
    by_hand(books, "UPDATE debts SET fen = fen + 1 WHERE fen > 0")
    found = {(one.invariant, one.row.partition(" of ")[0]) for one in audited(books).findings}
    assert ("whatever is kept can be read", asked) in found
    assert ("a wallet holds what its lots hold", "debt") in found


def test_a_summary_that_is_gone_does_not_hide_what_was_done_to_statements(books: stack.Database) -> None:
    by_hand(books, "DELETE FROM summaries WHERE month = '2017-01-01'")
    by_hand(books, SPOILED_STATEMENTS["hotel"])
    told = [(one.row, one.told.partition(" of its row")[0]) for one in audited(books).findings]
    assert told == [("summary of 2017-01", "it is missing"), ("statement of hotel for 2017-01", "net_fen")]


@pytest.mark.parametrize("figures", ["{", "", "{}", "[]", "7", "{'refused': 77}"])
@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("summaries WHERE month = '2017-02-01'", "summary of 2017-02"),
        ("statements WHERE month = '2017-01-01' AND unit = 'hotel'", "statement of hotel for 2017-01"),
    ],
)
def test_a_paper_that_cannot_be_read(books: stack.Database, table: str, row: str, figures: str) -> None:
    name, _, which = table.partition(" ")
    by_hand(books, f"UPDATE {name} SET figures = %s {which}", figures)
    (finding,) = audited(books).findings
    assert finding.row == row
    assert finding.told


@pytest.mark.parametrize("month", ["2017-01", "2017-02"])
@pytest.mark.parametrize("change", ["lots = lots + 1", "accounts = accounts - 1", "lots = 0, accounts = 0"])
def test_how_many_rows_a_snapshot_says_it_has(books: stack.Database, month: str, change: str) -> None:
    by_hand(books, f"UPDATE closings SET {change} WHERE month = %s", f"{month}-01")
    found = audited(books).findings
    assert {(one.row, one.told.split()[:2] == ["it", "says"]) for one in found} == {
        (f"snapshot of {month}", True)
    }


@pytest.mark.parametrize(
    ("change", "row"),
    [
        ("UPDATE receipts SET points = points + 1 WHERE name = %s", "{}"),
        ("UPDATE receipts SET amount_fen = amount_fen + 1 WHERE name = %s", "{}"),
        ("DELETE FROM receipts WHERE name = %s", "journal "),
    ],
)
def test_a_receipt_that_is_edited_or_deleted(books: stack.Database, change: str, row: str) -> None:
    name = one(
        books, "SELECT name FROM receipts WHERE points > 0 AND month = '2017-02-01' ORDER BY name LIMIT 1"
    )
    by_hand(books, change, name)
    assert any(found.startswith(row.format(name)) for found in named(books))


@pytest.mark.parametrize("column", ["paid_fen", "change_points", "price_fen"])
def test_a_redemption_that_is_edited(books: stack.Database, column: str) -> None:
    name = one(books, "SELECT name FROM redemptions WHERE month = '2017-02-01' ORDER BY name LIMIT 1")
    by_hand(books, f"UPDATE redemptions SET {column} = {column} + 1 WHERE name = %s", name)
    assert name in named(books)


@pytest.mark.parametrize("answer", ["{", "", "[]", "null", "7", "{}", '{"unit": {"a": 1}}'])
@pytest.mark.parametrize("table", ["receipts WHERE points > 0 AND", "redemptions WHERE"])
def test_an_answer_that_cannot_be_read(books: stack.Database, table: str, answer: str) -> None:
    """Every one of the month: whatever reads one goes on, and names it."""
    name, _, which = table.partition(" ")
    by_hand(books, f"UPDATE {name} SET answer = %s {which} month = '2017-02-01'", answer)
    found = audited(books).findings
    assert "it was answered otherwise" in {one_row.told.split(",")[0] for one_row in found}


@pytest.mark.parametrize("month", ["2017-02-01", "2017-03-01"])
@pytest.mark.parametrize(
    "change",
    [
        "order_no = order_no || '1'",
        "name = name || '1'",
        "name = replace(name, 'order hotel|', 'order office|')",
        "name = replace(name, '|', '| ')",
    ],
)
def test_an_order_that_is_named_otherwise(books: stack.Database, month: str, change: str) -> None:
    """It could be paid once more."""
    name = one(books, "SELECT name FROM redemptions WHERE month = %s AND unit = 'hotel' LIMIT 1", month)
    by_hand(books, f"UPDATE redemptions SET {change} WHERE name = %s RETURNING name", name)
    found = audited(books).findings
    told = {"it is not the name of its number", "it was answered otherwise"}
    assert {one_row.told for one_row in found} <= told
    assert found


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            "occurred_at = occurred_at + interval '40 days'",
            "booked neither in its month nor as concerning it",
        ),
        ("concerns_month = '2017-01-01'", "booked neither in its month nor as concerning it"),
        ("posted_at = posted_at + interval '10 years'", "posted after the month was sealed"),
        ("holder_id = gen_random_uuid()", "its holder is missing"),
        ("batch_id = 0", "the batch that journals name is missing"),
        ("unit = 'nobody'", "the account's unit is not the lot's issuer, or not the journal's unit"),
        ("subject = gen_random_uuid()", "a journal earned for a receipt that is not kept in its month"),
    ],
)
def test_a_journal_that_is_edited(books: stack.Database, change: str, told: str) -> None:
    journal = one(
        books,
        "SELECT id FROM journals WHERE month = '2017-02-01' AND kind = 'earning' ORDER BY id DESC LIMIT 1",
    )
    by_hand(books, f"UPDATE journals SET {change} WHERE id = %s", journal)
    assert told in [finding.told for finding in audited(books).findings]


SPOILED_SNAPSHOTS = {
    "closing of lot ": """UPDATE closing_lots SET points_left = points_left + 1 WHERE (month, lot_id) IN
        (SELECT month, lot_id FROM closing_lots WHERE month = '2017-01-01' ORDER BY lot_id LIMIT 1)""",
    "closing of account 1": """UPDATE closing_accounts SET balance = balance + 1 WHERE month = '2017-02-01'
        AND account = (SELECT min(account) FROM closing_accounts WHERE month = '2017-02-01'
                       AND account > 9999)""",
    "closing of account ": "DELETE FROM closing_accounts WHERE month = '2017-01-01' AND account > 10000",
    "snapshot of 2017-01": "UPDATE closings SET digest = 'x'::bytea WHERE month = '2017-01-01'",
    "summary of 2017-02": "UPDATE closings SET rounding_cny = 5 WHERE month = '2017-02-01'",
}


@pytest.mark.parametrize(("row", "change"), SPOILED_SNAPSHOTS.items())
def test_a_snapshot_that_is_edited(books: stack.Database, row: str, change: str) -> None:
    by_hand(books, change)
    found = named(books)
    assert any(one_row.startswith(row) for one_row in found)
    assert any(one_row.startswith("snapshot of") for one_row in found)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE transfers_2017_01 DISABLE TRIGGER refuse_rows",
        "ALTER TABLE journals_2017_01 ENABLE TRIGGER refuse_truncate",
        "DROP TRIGGER refuse_truncate ON transfers_2017_01",
        "ALTER TABLE months DISABLE TRIGGER ALL; UPDATE months SET state = 'open' WHERE month = '2017-01-01'",
    ],
)
def test_a_sealed_month_that_was_unlocked(books: stack.Database, change: str) -> None:
    stack.rows(books.superuser_url, change)
    assert "month 2017-01" in named(books)


def test_the_version_of_a_holder(books: stack.Database) -> None:
    holder = one(books, "SELECT id FROM holders WHERE version > 1 ORDER BY id LIMIT 1")
    by_hand(books, "UPDATE holders SET version = version - 1 WHERE id = %s", holder)
    assert named(books) == [f"holder {holder}"]


def test_the_last_batch_of_a_holder(books: stack.Database) -> None:
    holder = one(books, "SELECT id FROM holders WHERE version > 1 ORDER BY id LIMIT 1")
    by_hand(books, "UPDATE holders SET batch_id = batch_id - 1 WHERE id = %s", holder)
    assert named(books) == [f"holder {holder}"]


def test_each_round_reads_the_open_month_and_the_sealed_ones_in_turn(books: stack.Database) -> None:
    with closing(connect(books.url("auditor"), AUDIT_OPTIONS)) as connection:
        rounds = [[scope.scope[:7] for scope in audit_once(connection, turn).scopes] for turn in range(3)]
        report = audit_once(connection, 0)
    assert rounds == [["2017-01", "2017-03"], ["2017-02", "2017-03"], ["2017-01", "2017-03"]]
    assert any(left.startswith("2017-02 from the snapshot of 2017-01") for left in report.not_checked)
    assert any("holders" in left for left in report.not_checked)


def test_the_always_on_auditor_shows_its_findings_as_a_measure(books: stack.Database) -> None:
    auditor = Auditor(lambda: connect(books.url("auditor"), AUDIT_OPTIONS))
    assert auditor.step()["findings"] == 0
    by_hand(books, "UPDATE lots SET points_left = points_left - 1 WHERE points_left > 1")
    assert auditor.step()["findings"] > 1
    assert LEDGER_IMBALANCE._value.get() > 1
    by_hand(
        books, "UPDATE lots SET points_left = points_left + 1 WHERE points_left > 0 AND points_left < earned"
    )


def test_the_auditor_can_write_nothing(books: stack.Database) -> None:
    with (
        closing(connect(books.url("auditor"))) as connection,
        connection.cursor() as cursor,
        pytest.raises(psycopg2.errors.InsufficientPrivilege),
    ):
        cursor.execute("UPDATE lots SET points_left = 0")
