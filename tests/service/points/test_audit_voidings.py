"""What a voiding says, changed by hand, is found and named; so is what came back past a partner."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from importlib import import_module

import psycopg2
import pytest

from services.points.domain.invariants import findings
from services.points.domain.looks import Evidence
from services.points.queries.scope import Scope, unclosed_scope
from services.points.queries.voiding_evidence import voidings
from services.points.queries.voucher_evidence import vouchers
from shared.kernel.calendar import month_after
from tests import stack
from tests.service.points.closing_room import audited, copied
from tests.service.points.tampering import named, one
from tests.service.points.voucher_room import PRICE_FEN, member, selling

STATES = ("asked", "voided", "used", "unknown")
NUMBERED = "'vch_' || replace(v.id::text, '-', '')"
HEARD = import_module("services.points.migrations.versions.0043_heard").HEARD
GIVEN_BACK = import_module("services.points.migrations.versions.0041_voidings").GIVEN_BACK
BY_HAND = """
SET LOCAL session_replication_role = replica;
INSERT INTO refunds (name, id, redemption_id, unit, refund_no, amount_fen, refunded_fen, occurred_at, month,
                     answer)
SELECT 'refund group|by hand', gen_random_uuid(), v.redemption_id, 'group', 'by hand', 7, 7, now(), d.month,
       '{"journals": []}'
FROM vouchers v JOIN voidings d ON d.voucher_id = v.id WHERE d.state = 'used'
"""
USED_BY_HAND = (
    "UPDATE voidings SET state = 'used', settled_at = now(), settled_month = month WHERE state = 'asked'"
)
VOIDED_BY_HAND = """
UPDATE voidings SET state = 'voided', refund_id = gen_random_uuid(), settled_at = asked_at,
                    settled_month = month
WHERE state = 'used'
"""
OF_USED = "id IN (SELECT voucher_id FROM voidings WHERE state = 'used')"
NO_MORE_VOID = "UPDATE voidings SET state = 'used', refund_id = NULL WHERE state = 'voided'"
STILL_ASKING = """
UPDATE errands SET done_at = NULL, body = '{"partner": "taxi"}'
WHERE subject = (SELECT 'vdg_' || replace(id::text, '-', '') FROM voidings WHERE state = 'used')
"""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[stack.Database]:
    """Lend books with a voiding in each state."""
    with stack.database_per_module("points") as database:
        with selling(database, tmp_path_factory.mktemp("partner")) as sold:
            bought = {state: sold.sold_to(member(sold.house, state, PRICE_FEN)) for state in STATES}
            for state, fault in (("voided", "twice"), ("used", "used"), ("unknown", "unknown")):
                sold.void(bought[state])
                sold.partner.order([fault])
                sold.carry()
            sold.void(bought["asked"])
            sold.check_given_back("books to be audited", waiting=1, voided=1, used=1)
        yield database


@contextmanager
def spoilt(books: stack.Database, statement: str) -> Iterator[list[str]]:
    """Change rows as the superuser, give the rows that the checks of vouchers and voidings name, undo it."""
    connection = psycopg2.connect(books.superuser_url)
    with closing(connection), connection.cursor() as cursor:
        cursor.execute(statement)
        assert cursor.rowcount > 0, "nothing was changed"
        scope = unclosed_scope(cursor)
        evidence = Evidence(vouchers=vouchers(cursor, scope), voidings=voidings(cursor, scope))
        yield [finding.row for finding in findings(evidence)]
        connection.rollback()


def voiding_name(books: stack.Database, state: str) -> str:
    """Give the name of the voiding in that state, as a finding tells it."""
    return str(
        one(
            books, "SELECT 'voiding vdg_' || replace(id::text, '-', '') FROM voidings WHERE state = %s", state
        )
    )


def voucher_name(books: stack.Database, state: str) -> str:
    """Give the name of its voucher."""
    question = (
        f"SELECT 'voucher ' || {NUMBERED} FROM vouchers v JOIN voidings d ON d.voucher_id = v.id"
        " WHERE d.state = %s"
    )
    return str(one(books, question, state))


def test_untouched_voidings_have_no_finding_and_were_looked_at(kept: stack.Database) -> None:
    report = audited(kept)
    assert report.findings == ()
    looked = report.scopes[-1].checked
    assert [looked[name] for name in looked if "voiding" in name or "coupon that is void" in name] == [4] * 3
    assert looked["a voucher's points come back once its coupon is void"] == 4


def test_a_closed_month_is_held_against_voidings_asked_for_or_settled_in_it(kept: stack.Database) -> None:
    (month,) = (found for (found,) in stack.rows(kept.superuser_url, "SELECT DISTINCT month FROM voidings"))
    assert isinstance(month, date)
    later = month_after(month, 1)
    connection = psycopg2.connect(kept.superuser_url)
    with closing(connection), connection.cursor() as cursor:
        cursor.execute("UPDATE voidings SET settled_month = %s WHERE state = 'voided'", (later,))
        cursor.execute("UPDATE refunds SET month = %s", (later,))
        scopes = [Scope((one,), None, one) for one in (month, later)]
        looked = [voidings(cursor, scope) for scope in scopes]
        assert [sum(look.rows for look in found) for found in looked] == [4, 1]
        bought = [vouchers(cursor, scope) for scope in scopes]
        assert [sum(look.rows for look in found) for found in bought] == [4, 1]
        for found, of in zip(looked, bought, strict=True):
            assert not list(findings(Evidence(voidings=found, vouchers=of)))
        connection.rollback()


def test_a_round_of_the_auditor_names_what_was_changed(kept: stack.Database) -> None:
    changes = (
        ("UPDATE voidings SET unit = 'hotel' WHERE state = 'voided'", voiding_name(kept, "voided")),
        (NO_MORE_VOID, voucher_name(kept, "voided")),
        (BY_HAND, voucher_name(kept, "used")),
    )
    for statement, name in changes:
        with copied(kept) as copy:
            stack.rows(copy.superuser_url, statement)
            assert name in named(copy)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(
    "change",
    [
        "voucher_id = gen_random_uuid()",
        "wallet_id = gen_random_uuid()",
        "unit = 'hotel'",
        "asked_at = asked_at - interval '1 day'",
        "month = month - interval '1 month'",
    ],
)
def test_what_a_voiding_says_of_itself(kept: stack.Database, state: str, change: str) -> None:
    name = voiding_name(kept, state)
    with spoilt(kept, f"UPDATE voidings SET {change} WHERE state = '{state}'") as found:
        assert name in found


@pytest.mark.parametrize(
    ("state", "statement"),
    [
        ("voided", "UPDATE voidings SET refund_id = gen_random_uuid() WHERE state = 'voided'"),
        ("voided", "UPDATE voidings SET settled_at = settled_at + interval '1 s' WHERE state = 'voided'"),
        (
            "voided",
            "UPDATE voidings SET settled_month = settled_month + interval '1 month' WHERE state = 'voided'",
        ),
        ("used", "UPDATE voidings SET settled_at = asked_at - interval '1 s' WHERE state = 'used'"),
        ("voided", "UPDATE refunds SET amount_fen = amount_fen - 1"),
        ("voided", "UPDATE refunds SET name = 'refund group|1'"),
        ("voided", "UPDATE refunds SET refund_no = '1'"),
        ("voided", "UPDATE refunds SET redemption_id = gen_random_uuid()"),
        ("voided", "DELETE FROM refunds"),
        ("used", VOIDED_BY_HAND),
        ("voided", NO_MORE_VOID),
        ("asked", "DELETE FROM errands WHERE done_at IS NULL"),
        ("asked", "UPDATE errands SET done_at = now() WHERE done_at IS NULL"),
        ("asked", "UPDATE errands SET body = replace(body, 'taxi', 'cinema') WHERE done_at IS NULL"),
        ("asked", "UPDATE errands SET body = replace(body, 'red_', 'red_0') WHERE done_at IS NULL"),
        ("asked", "UPDATE errands SET subject = 'vdg_x' WHERE done_at IS NULL"),
        ("asked", "DELETE FROM voidings WHERE state = 'asked'"),
    ],
)
def test_what_goes_with_a_voiding(kept: stack.Database, state: str, statement: str) -> None:
    name = voiding_name(kept, state)
    with spoilt(kept, statement) as found:
        assert name in found


@pytest.mark.parametrize(
    ("state", "statement"),
    [
        ("voided", "DELETE FROM voidings WHERE state = 'voided'"),
        ("voided", NO_MORE_VOID),
        ("voided", "UPDATE refunds SET amount_fen = amount_fen - 1"),
        ("voided", "DELETE FROM refunds"),
        ("used", VOIDED_BY_HAND),
        ("used", BY_HAND),
        ("asked", BY_HAND.replace("'used'", "'asked'")),
        ("used", f"UPDATE vouchers SET given_back_fen = 1 WHERE {OF_USED}"),
    ],
)
def test_what_came_back_of_a_voucher_past_its_partner(
    kept: stack.Database, state: str, statement: str
) -> None:
    name = voucher_name(kept, state)
    with spoilt(kept, statement) as found:
        assert name in found


def test_the_database_itself_takes_no_refund_of_a_coupon_that_is_not_void(kept: stack.Database) -> None:
    past_the_desk = BY_HAND.replace("SET LOCAL session_replication_role = replica;", "")
    with pytest.raises(psycopg2.errors.RaiseException, match="not void"), spoilt(kept, past_the_desk):
        pass


@pytest.mark.parametrize("statement", [USED_BY_HAND, USED_BY_HAND.replace("'used'", "'unknown'")])
def test_a_state_by_hand_that_moves_nothing_is_named_while_its_partner_is_still_asked(
    kept: stack.Database, statement: str
) -> None:
    """See who says "used" before the partner does: the word that comes would change nothing any more."""
    with spoilt(kept, statement) as found:
        assert found == [voiding_name(kept, "asked")]


def test_a_voiding_that_was_settled_has_no_errand_under_way(kept: stack.Database) -> None:
    with spoilt(kept, STILL_ASKING) as found:
        assert found == [voiding_name(kept, "used")]


def test_errands_whose_word_was_heard_before_they_ended_with_it_are_ended(kept: stack.Database) -> None:
    with copied(kept) as copy:
        stack.rows(copy.superuser_url, STILL_ASKING)
        assert voiding_name(kept, "used") in named(copy)
        stack.rows(copy.superuser_url, HEARD)
        assert named(copy) == []
        # The one that is waited for goes on.
        assert one(copy, "SELECT count(*) FROM errands WHERE done_at IS NULL") == 1


def test_what_came_back_before_partners_were_asked_is_kept_with_the_voucher(kept: stack.Database) -> None:
    with copied(kept) as copy:
        stack.rows(copy.superuser_url, "DELETE FROM voidings WHERE state = 'voided'")
        assert voucher_name(kept, "voided") in named(copy)
        stack.rows(copy.superuser_url, GIVEN_BACK)
        # What came back then was a refund like any other, named by its own number.
        assert named(copy) == [one(copy, "SELECT name FROM refunds")]
        stack.rows(
            copy.superuser_url, "UPDATE refunds SET name = 'refund ' || unit || '|' || upper(refund_no)"
        )
        assert named(copy) == []
