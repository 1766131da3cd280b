"""Two readers of the same year, written apart, must see the same receipts."""

from datetime import date

from infra.replay import dataset
from tests.replay import oracle


def test_both_readers_see_the_same_receipts_in_the_same_order() -> None:
    theirs = [
        (r.household, r.unit, r.number, r.purchased_at.replace(tzinfo=None), r.amount_fen, r.discount_fen)
        for r in dataset.receipts(date(2017, 1, 1), date(2018, 1, 1))
    ]
    ours = [
        (r.household, r.unit, r.number, r.at, r.amount_fen, r.discount_fen) for r in oracle.read_receipts()
    ]
    assert theirs == ours
