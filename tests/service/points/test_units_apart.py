"""Rows of units are kept apart by the database itself, whatever the asking unit is called."""

import pytest

from shared.runtime.database import Reader
from tests.service.points.ledger_house import LedgerHouse, answer_of, earn

NAMES = ["hotel:APART", "office:APART"]
CALLED = [("hotel", 1), ("hote_", 0), ("%", 0), ("h%", 0), ("", 0), ("*", 2)]


@pytest.mark.parametrize(("unit", "seen"), CALLED)
def test_no_wildcard_in_a_units_code_shows_another_units_wallets(
    house: LedgerHouse, unit: str, seen: int
) -> None:
    for one in ("hotel", "office"):
        answer_of(house.obey(earn(one, "apart", 10_000, f"apart-{unit}"))[0])
    reader = Reader(house.database.url("reader"), size=1)
    try:
        with reader.asked_by(unit=unit) as questions:
            found = questions.rows("SELECT 1 FROM wallets WHERE identity = ANY (:names)", names=NAMES)
    finally:
        reader.close()
    assert len(found) == seen
