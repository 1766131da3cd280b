"""Natural names: one receipt has one name, however its number is typed, and two never share one."""

from datetime import datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.points.domain.naming import (
    capture_name,
    number_identity,
    opening_name,
    order_name,
    receipt_name,
    refund_name,
    return_name,
)
from services.points.domain.receipt import ReceiptTooEarly, ReceiptTooLate, check_purchase
from shared.kernel.calendar import SHANGHAI
from shared.kernel.number import normal

NOON = datetime(2017, 1, 20, 12, tzinfo=SHANGHAI)
TEXT = st.text(st.sampled_from("aA1|\\- Ａｂß:"), min_size=1, max_size=6)


@pytest.mark.parametrize("typed", ["ab-17", " AB-17 ", "ＡＢ－１７", "Ab-17"])
def test_a_number_typed_in_many_ways_is_one_receipt(typed: str) -> None:
    assert receipt_name("hotel", "1", typed, NOON) == receipt_name("hotel", "1", "AB-17", NOON)
    for name in (order_name, refund_name, return_name, opening_name, capture_name):
        assert name("hotel", typed) == name("hotel", "AB-17")
    assert number_identity("hotel", typed) == "hotel:AB-17"


@pytest.mark.parametrize("typed", ["front 1", " Front 1 ", "ＦＲＯＮＴ　１"])
def test_a_store_typed_in_many_ways_is_one_store(typed: str) -> None:
    assert receipt_name("hotel", typed, "17", NOON) == receipt_name("hotel", "FRONT 1", "17", NOON)


@example("1|2", "3", "1", "2|3")
@example("1\\", "3", "1", "|3")
@given(TEXT, TEXT, TEXT, TEXT)
def test_two_receipts_of_other_stores_or_numbers_have_two_names(
    store: str, number: str, other_store: str, other_number: str
) -> None:
    same = (normal(store), normal(number)) == (normal(other_store), normal(other_number))
    one = receipt_name("hotel", store, number, NOON)
    assert (one == receipt_name("hotel", other_store, other_number, NOON)) == same


def test_a_number_used_again_on_another_business_day_is_another_receipt() -> None:
    midnight = datetime(2017, 1, 21, tzinfo=SHANGHAI)
    before = receipt_name("hotel", "1", "17", midnight - timedelta(seconds=1))
    assert before == receipt_name("hotel", "1", "17", NOON)
    assert before != receipt_name("hotel", "1", "17", midnight)


def test_a_purchase_is_taken_from_45_days_back_to_5_minutes_ahead_to_the_second() -> None:
    second = timedelta(seconds=1)
    check_purchase(NOON + timedelta(minutes=5), NOON)
    check_purchase(NOON - timedelta(days=45), NOON)
    with pytest.raises(ReceiptTooEarly):
        check_purchase(NOON + timedelta(minutes=5) + second, NOON)
    with pytest.raises(ReceiptTooLate):
        check_purchase(NOON - timedelta(days=45) - second, NOON)
