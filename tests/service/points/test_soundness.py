"""The checks of this folder find what they claim to find: one row changed by hand is named."""

import psycopg2
import pytest

from tests.service.points.ledger_house import LedgerHouse, code_of, earn, redeem
from tests.service.points.soundness import CHECKS, unsound

TAMPERINGS = (
    ("UPDATE lots SET points_left = points_left - 1 WHERE points_left > 1", "a lot's points are the sum"),
    ("UPDATE transfers SET amount = amount + 1 WHERE asset = 'CNY'", "every line of money settles one slice"),
    ("DELETE FROM transfers WHERE asset = 'CNY'", "every foreign slice is settled once"),
    ("UPDATE redemptions SET paid_fen = paid_fen - 1", "a redemption pays what its slices pay"),
    ("UPDATE holders SET version = version + 1", "a holder's events are versions 1 to its last"),
    ("UPDATE journals SET concerns_month = month", "a journal that is booked elsewhere"),
    ("UPDATE transfers SET lot_id = NULL", "every line of a wallet names a lot"),
)


@pytest.fixture(scope="module", autouse=True)
def _lines(house: LedgerHouse) -> None:
    house.fund("1", 5_000)
    house.obey(earn("mall-east", "1", 30_000, "r1"))
    assert [code_of(one) for one in house.obey(redeem("office:1", "hotel", "o1", 1_234))] == ["ok"]


def test_an_untouched_ledger_is_sound(house: LedgerHouse) -> None:
    assert unsound(house.database) == {}


@pytest.mark.parametrize(("tampering", "named"), TAMPERINGS)
def test_a_row_changed_by_hand_is_found(house: LedgerHouse, tampering: str, named: str) -> None:
    question = next(text for name, text in CHECKS.items() if name.startswith(named))
    connection = psycopg2.connect(house.database.superuser_url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(question)
            assert not cursor.fetchall()
            cursor.execute(tampering)
            cursor.execute(question)
            assert cursor.fetchall()
    finally:
        connection.rollback()
        connection.close()
