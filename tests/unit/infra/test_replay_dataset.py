"""The client's reader of the year: order, rounding, flats, and the move into another month."""

from datetime import date, datetime, timedelta

import pytest

from infra.replay import dataset

JANUARY = (date(2017, 1, 1), date(2017, 2, 1))


def test_receipts_come_by_time_and_then_by_number_with_the_offset_of_shanghai() -> None:
    january = list(dataset.receipts(*JANUARY))
    assert january == sorted(january, key=lambda receipt: (receipt.purchased_at, receipt.number))
    assert january[0].purchased_at.isoformat() == "2017-01-01T06:53:26+08:00"
    assert len(january) == dataset.count_receipts(*JANUARY) == 12_832


def test_every_hundredth_household_buys_a_flat() -> None:
    flats = [receipt for receipt in dataset.receipts(*JANUARY) if receipt.unit == "residential"]
    assert [flat.number for flat in flats] == [flat.household for flat in flats]
    assert flats[0].number == 100
    assert {(flat.store, flat.amount_fen, flat.price_fen) for flat in flats} == {
        ("sales", 600_000_000, 600_000_000)
    }
    assert {flat.purchased_at.isoformat() for flat in flats} == {"2017-01-02T10:00:00+08:00"}


def test_a_range_without_the_second_of_january_has_no_flats() -> None:
    february = list(dataset.receipts(date(2017, 2, 1), date(2017, 3, 1)))
    assert not [receipt for receipt in february if receipt.unit == "residential"]
    assert february[0].purchased_at >= datetime(2017, 2, 1, tzinfo=february[0].purchased_at.tzinfo)


def test_half_of_the_price_is_the_most_that_is_asked_for() -> None:
    january = list(dataset.receipts(*JANUARY))
    asking = [receipt for receipt in january if receipt.asks_to_redeem]
    assert len(asking) == 697
    assert all(receipt.wanted_fen <= receipt.price_fen // 2 for receipt in asking)
    assert any(receipt.wanted_fen < receipt.discount_fen for receipt in asking)


def test_january_moves_into_another_month_without_the_days_it_lacks() -> None:
    january = [receipt for receipt in dataset.receipts(*JANUARY) if receipt.purchased_at.day <= 28]
    moved = list(dataset.receipts(*JANUARY, shift_to=date(2026, 2, 1)))
    assert [receipt.number for receipt in moved] == [receipt.number for receipt in january]
    assert {receipt.purchased_at.strftime("%Y-%m") for receipt in moved} == {"2026-02"}
    before, after = january[0].purchased_at, moved[0].purchased_at
    assert (after.day, after.time(), after.utcoffset()) == (before.day, before.time(), timedelta(hours=8))


def test_only_one_month_can_be_moved() -> None:
    with pytest.raises(ValueError, match="one whole month"):
        next(dataset.receipts(date(2017, 1, 1), date(2017, 3, 1), shift_to=date(2026, 2, 1)))


def test_every_household_with_a_receipt_is_listed_once() -> None:
    listed = dataset.households(*JANUARY)
    assert listed == sorted({receipt.household for receipt in dataset.receipts(*JANUARY)})
