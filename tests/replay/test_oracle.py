"""The independent computation held to what is known about the data and to its own committed reports.

It does not look at the services: whether they agree is asked elsewhere.
"""

import hashlib
import json
import subprocess
import sys
from collections import Counter
from datetime import date, datetime
from pathlib import Path

import pytest

from tests.replay import oracle

EXPECTED = Path(__file__).parent / "expected"
RANGES = [(date(2017, 1, 1), date(2017, 2, 1)), (date(2017, 1, 1), date(2017, 7, 1))]


@pytest.fixture(scope="module")
def year() -> list[oracle.Receipt]:
    """Read the whole year once."""
    return oracle.read_receipts()


def test_the_year_is_the_one_that_was_described(year: list[oracle.Receipt]) -> None:
    baskets = [receipt for receipt in year if receipt.unit != "residential"]
    assert len(baskets) == len({receipt.number for receipt in baskets}) == 155_848
    assert len({receipt.household for receipt in baskets}) == 2_469
    assert sum(receipt.amount_fen == 0 for receipt in baskets) == 478
    assert baskets[0].at == datetime(2017, 1, 1, 6, 53, 26)
    assert baskets[-1].at == datetime(2017, 12, 31, 23, 1, 20)


def test_the_first_half_has_77002_receipts_and_4616_requests_to_redeem(year: list[oracle.Receipt]) -> None:
    half = [receipt for receipt in year if receipt.at < datetime(2017, 7, 1)]
    assert len(half) == 77_002
    assert sum(receipt.discount_fen > 0 for receipt in half) == 4_616


def test_one_household_never_sends_more_than_two_receipts_in_a_second(year: list[oracle.Receipt]) -> None:
    crowd = Counter((receipt.household, receipt.at) for receipt in year)
    assert max(crowd.values()) == 2


@pytest.mark.parametrize(("first", "until"), RANGES)
def test_the_committed_reports_are_computed_again_byte_for_byte(first: date, until: date) -> None:
    name = f"{first}_{until}.json"
    committed = (EXPECTED / name).read_bytes()
    assert oracle.canonical(oracle.compute(first, until)) == committed
    assert f"{hashlib.sha256(committed).hexdigest()}  {name}\n" in (EXPECTED / "SHA256SUMS").read_text()


def test_no_value_appears_or_vanishes_in_half_a_year() -> None:
    report = json.loads((EXPECTED / "2017-01-01_2017-07-01.json").read_bytes())
    value = Counter({"MALL": 5, "HOTL": 1, "OFFI": 1, "PROP": 1, "RESI": 1, "GRUP": 1})
    issued = sum(
        points * value[oracle.ASSET_OF_UNIT[unit]]
        for month in report["months"]
        for unit, points in month["issued"].items()
    )
    redeemed = sum(sum(month["redeemed_fen"].values()) for month in report["months"])
    left = sum(points * value[asset] for asset, points in report["months"][-1]["outstanding"].items())
    assert issued - redeemed == left
    held = sum(
        points * value[asset] for wallet in report["wallets"].values() for asset, points in wallet.items()
    )
    assert held == left
    assert all(sum(month["net_fen"].values()) == 0 for month in report["months"])


@pytest.mark.parametrize(
    ("earned", "expires"),
    [
        (datetime(2017, 1, 1), datetime(2019, 4, 1)),
        (datetime(2017, 3, 31, 23, 59, 59), datetime(2019, 4, 1)),
        (datetime(2017, 4, 1), datetime(2019, 7, 1)),
        (datetime(2017, 12, 31), datetime(2020, 1, 1)),
    ],
)
def test_points_expire_at_the_end_of_the_quarter_two_years_on(earned: datetime, expires: datetime) -> None:
    assert oracle.expiry_of(earned) == expires


def test_a_mall_point_is_exchanged_whole_and_its_change_is_spent_first() -> None:
    group = oracle.Group()
    month = oracle.Month("2017-01")
    earned = datetime(2017, 1, 1, 12)
    group.earn(month, oracle.Receipt(earned, 7, 1, "mall-east", 100_000, 0))
    group.redeem(month, oracle.Receipt(datetime(2017, 1, 9), 8, 1, "hotel", 1_000, 101))
    assert [(lot.asset, lot.points, lot.issuer) for lot in group.lots[1]] == [
        ("MALL", 79, "mall-east"),
        ("GRUP", 4, "mall-east"),
    ]
    group.redeem(month, oracle.Receipt(datetime(2017, 1, 9, 1), 9, 1, "mall-east", 1_000, 104))
    assert [(lot.asset, lot.points) for lot in group.lots[1]] == [("MALL", 59)]
    assert dict(month.owed_fen) == {("mall-east", "hotel"): 101}
    assert dict(month.redeemed_fen) == {"hotel": 101, "mall-east": 104}
    assert month.change_points == 4


def test_the_check_never_loads_code_of_the_product() -> None:
    program = (
        "import sys, tests.replay.oracle;"
        "bad = [name for name in sys.modules"
        " if name.split('.')[0] in ('services', 'shared', 'infra', 'contracts', 'pandas')];"
        "print(bad); raise SystemExit(bool(bad))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
