"""What a voucher says of itself, changed by hand, is found and named; so are coupon, errand or hold gone."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date

import psycopg2
import pytest

from services.points.domain.invariants import findings
from services.points.domain.looks import Evidence
from services.points.queries.scope import Scope, unclosed_scope
from services.points.queries.voucher_evidence import vouchers
from shared.kernel.calendar import month_after
from tests import stack
from tests.service.points.closing_room import audited, copied
from tests.service.points.tampering import named, one
from tests.service.points.voucher_room import PRICE_FEN, member, selling

NO_MORE_ISSUED = (
    "UPDATE vouchers SET state = 'refused', reason = 'so', redemption_id = NULL, valid_until = NULL"
    " WHERE state = 'issued'"
)
ASKED_AGAIN = (
    "UPDATE vouchers SET state = 'asked', reason = NULL, settled_at = NULL, settled_month = NULL"
    " WHERE state = 'refused'"
)
ISSUED_BY_HAND = (
    "UPDATE vouchers SET state = 'issued', settled_at = now(), settled_month = month, redemption_id = id,"
    " valid_until = now() WHERE state = 'asked'"
)
STILL_ASKING = """
UPDATE errands SET done_at = NULL
WHERE subject = (SELECT 'vch_' || replace(id::text, '-', '') FROM vouchers WHERE state = '{}')
"""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[stack.Database]:
    """Lend books with a voucher that is issued, one that is refused, and one that is asked for."""
    with stack.database_per_module("points") as database:
        with selling(database, tmp_path_factory.mktemp("partner")) as sold:
            sold.ask(member(sold.house, "issued", PRICE_FEN))
            sold.carry()
            sold.ask(member(sold.house, "refused", PRICE_FEN))
            sold.partner.order(["sold-out"])
            sold.carry()
            sold.ask(member(sold.house, "asked", PRICE_FEN))
            sold.check("books to be audited", waiting=1, issued=1, refused=1)
        yield database


@contextmanager
def spoilt(books: stack.Database, statement: str, *parameters: object) -> Iterator[list[str]]:
    """Change rows as the superuser, give the rows that the auditor's checks of vouchers name, undo it."""
    connection = psycopg2.connect(books.superuser_url)
    with closing(connection), connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        assert cursor.rowcount > 0, "nothing was changed"
        evidence = Evidence(vouchers=vouchers(cursor, unclosed_scope(cursor)))
        yield [finding.row for finding in findings(evidence)]
        connection.rollback()


def name_of(books: stack.Database, state: str) -> str:
    """Give the name of the voucher in that state, as a finding tells it."""
    question = "SELECT 'voucher vch_' || replace(id::text, '-', '') FROM vouchers WHERE state = %s"
    return str(one(books, question, state))


def test_untouched_vouchers_have_no_finding_and_were_looked_at(kept: stack.Database) -> None:
    report = audited(kept)
    assert report.findings == ()
    looked = [name for name in report.scopes[-1].checked if "voucher" in name]
    assert len(looked) == 6
    assert {report.scopes[-1].checked[name] for name in looked} == {3}


def test_a_closed_month_is_held_against_its_own_vouchers_and_those_that_ended_in_it(
    kept: stack.Database,
) -> None:
    (month,) = (found for (found,) in stack.rows(kept.superuser_url, "SELECT DISTINCT month FROM vouchers"))
    assert isinstance(month, date)
    later = month_after(month, 1)
    connection = psycopg2.connect(kept.superuser_url)
    with closing(connection), connection.cursor() as cursor:
        cursor.execute("UPDATE vouchers SET settled_month = %s WHERE state = 'refused'", (later,))
        cursor.execute("UPDATE holds SET ended_month = %s WHERE ended_by = 'released'", (later,))
        looked = [vouchers(cursor, Scope((one,), None, one)) for one in (month, later)]
        assert [sum(look.rows for look in found) for found in looked] == [3, 1]
        assert not list(findings(Evidence(vouchers=[look for found in looked for look in found])))
        connection.rollback()


def test_a_round_of_the_auditor_names_a_voucher_that_was_changed(kept: stack.Database) -> None:
    name = name_of(kept, "refused")
    with copied(kept) as copy:
        stack.rows(copy.superuser_url, "UPDATE vouchers SET unit = 'hotel' WHERE state = 'refused'")
        assert name in named(copy)


@pytest.mark.parametrize("state", ["asked", "issued", "refused"])
@pytest.mark.parametrize(
    "change",
    [
        "price_fen = price_fen + 1",
        "member = 'mem_somebody'",
        "wallet_id = gen_random_uuid()",
        "unit = 'hotel'",
        "partner = 'cinema'",
        "offer = 'taxi-daily', offer_version = 9",
        "offer_version = offer_version + 1",
        "asked_at = asked_at - interval '1 minute'",
        "ask_until = ask_until + interval '1 minute'",
        "day = day - 1",
    ],
)
def test_what_a_voucher_says_of_itself(kept: stack.Database, state: str, change: str) -> None:
    name = name_of(kept, state)
    with spoilt(kept, f"UPDATE vouchers SET {change} WHERE state = %s", state) as found:
        assert name in found


@pytest.mark.parametrize(
    ("state", "statement"),
    [
        ("issued", "UPDATE vouchers SET redemption_id = gen_random_uuid() WHERE state = 'issued'"),
        ("issued", "UPDATE vouchers SET settled_at = settled_at + interval '1 s' WHERE state = 'issued'"),
        ("refused", "UPDATE vouchers SET settled_at = settled_at + interval '1 s' WHERE state = 'refused'"),
        ("issued", NO_MORE_ISSUED),
        ("refused", ASKED_AGAIN),
        ("asked", ISSUED_BY_HAND),
        ("issued", "DELETE FROM voucher_codes"),
        ("issued", "UPDATE voucher_codes SET wallet_id = gen_random_uuid()"),
        (
            "asked",
            "INSERT INTO voucher_codes SELECT id, wallet_id, 'x' FROM vouchers WHERE state = 'asked'",
        ),
        ("asked", "DELETE FROM errands WHERE done_at IS NULL"),
        ("asked", "UPDATE errands SET done_at = now() WHERE done_at IS NULL"),
        ("asked", "UPDATE errands SET body = replace(body, '2000', '1') WHERE done_at IS NULL"),
        ("asked", "UPDATE errands SET subject = 'vch_x' WHERE done_at IS NULL"),
        ("issued", STILL_ASKING.format("issued")),
        ("refused", STILL_ASKING.format("refused")),
        ("issued", "DELETE FROM vouchers WHERE state = 'issued'"),
        ("asked", "DELETE FROM vouchers WHERE state = 'asked'"),
        ("asked", "UPDATE holds SET expires_at = now() + interval '1 h' WHERE is_open"),
        ("asked", "UPDATE holds SET name = 'order group|1' WHERE is_open"),
        ("issued", "UPDATE redemptions SET paid_fen = paid_fen - 1"),
        ("asked", "DELETE FROM holds WHERE is_open"),
    ],
)
def test_what_goes_with_a_voucher(kept: stack.Database, state: str, statement: str) -> None:
    name = name_of(kept, state)
    with spoilt(kept, statement) as found:
        assert name in found
