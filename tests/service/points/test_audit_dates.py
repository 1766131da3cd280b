"""From when to when a lot can be spent, changed by hand, is found, wherever its points come from."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta

import psycopg2
import pytest

from services.points.commands.approve_adjustment import ApproveAdjustment
from services.points.commands.bring_in_opening import BringInOpening
from services.points.commands.check_in import CheckIn
from services.points.commands.request_adjustment import RequestAdjustment
from services.points.domain.adjustment import AdjustmentKind
from services.points.domain.invariants import findings
from services.points.queries.evidence import gathered
from services.points.queries.scope import unclosed_scope
from shared.kernel.calendar import SHANGHAI
from shared.kernel.ids import read
from tests import stack
from tests.service.points.closing_room import audited
from tests.service.points.ledger_house import (
    APPROVER,
    DRAFTER,
    NOON,
    LedgerHouse,
    answer_of,
    asked,
    earn,
    redeem,
    redemption_id,
    refund,
)
from tests.service.points.test_expiry import ENDING, ENDS_AT
from tests.service.points.test_openings import approved

MEMBER = "mem_" + "d" * 32
LATER = NOON + timedelta(days=10)


def granted(house: LedgerHouse, at: datetime) -> None:
    """Give the member points by hand, approved by another person at that moment."""
    head = asked(principal=DRAFTER)
    wish = RequestAdjustment(head, AdjustmentKind.GRANT, "office", MEMBER, 70, "a reason", NOON)
    id_ = read("grt", answer_of(house.obey(wish)[0])["grant"]) or ""
    yes = ApproveAdjustment(asked(principal=APPROVER), AdjustmentKind.GRANT, id_, at)
    answer_of(house.obey(yes)[0])


@pytest.fixture(scope="module")
def kept() -> Iterator[stack.Database]:
    """Lend books with lots of every way in whose dates no receipt tells."""
    with stack.database_per_module("points") as database:
        house = LedgerHouse(database)
        house.open_month(ENDING)
        answer_of(house.obey(CheckIn(asked(), MEMBER, NOON))[0])
        # At the last moment of a quarter, and at the first of the next one.
        granted(house, datetime(2017, 3, 31, 23, 59, 59, tzinfo=SHANGHAI))
        granted(house, datetime(2017, 4, 1, tzinfo=SHANGHAI))
        sheet = approved(house, 1, 700, "hotel")
        line = BringInOpening(asked(), sheet, "hotel", "1", 700, "ref-1", ENDS_AT, None, LATER)
        answer_of(house.obey(line)[0])
        answer_of(house.obey(earn("mall-east", "1", 100_000, "r1", NOON))[0])
        # 252 fen leave change of a point of 5; half comes back in time, the rest to a lot that is over.
        paid = redemption_id(house.obey(redeem("mall-east:1", "hotel", "o1", 252, LATER))[0])
        for number, at in enumerate((LATER + timedelta(days=1), ENDS_AT + timedelta(days=1))):
            answer_of(house.obey(refund(paid, "hotel", f"f{number}", 126, at))[0])
        house.close()
        yield database


def test_untouched_dates_have_no_finding(kept: stack.Database) -> None:
    assert audited(kept).findings == ()


@pytest.mark.parametrize("origin", ["checkin", "grant", "opening", "change", "restored"])
@pytest.mark.parametrize(
    "change",
    [
        "expires_at = expires_at + interval '1 second'",
        "expires_at = expires_at - interval '1 year'",
        "available_at = available_at - interval '1 second'",
    ],
)
def test_a_lot_that_may_be_spent_earlier_or_longer_is_named(
    kept: stack.Database, origin: str, change: str
) -> None:
    connection = psycopg2.connect(kept.superuser_url)
    with closing(connection), connection.cursor() as cursor:
        cursor.execute("SELECT id FROM lots WHERE origin = %s", (origin,))
        lots = cursor.fetchall()
        assert lots
        for lot in lots:
            cursor.execute(f"UPDATE lots SET {change} WHERE id = %s", lot)
            scope = unclosed_scope(cursor)
            assert list(findings(gathered(cursor, scope, holders=True)))
            connection.rollback()
