"""A month of a million transfers: from its seal to its last statement, beside SQL that groups its rows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

import psycopg2

from infra.bench.crowd import books
from infra.bench.filling import LINES_PER_WALLET, Filling, fill_new, settle_down
from infra.bench.line import Line
from infra.bench.room import ROUNDS, Room
from infra.staff import Staff
from services.points.jobs.close_months import CLOSING_OPTIONS
from shared.kernel.calendar import midnight, month_after, month_of
from shared.runtime.clock import now

LINES = 1_000_000
PATIENCE_S = 300.0
_PATIENT = "-c transaction_timeout=0"

# Whoever states a month must group its rows at least this often: by what moved, by lot, by account.
_FLOWS = """
SELECT a.role, b.role, a.unit, b.unit, l.issuer, t.asset, t.cause_id IS NOT NULL, sum(t.amount),
       sum(t.worth_fen)
FROM transfers t
LEFT JOIN accounts a ON a.id = t.from_account
LEFT JOIN accounts b ON b.id = t.to_account
LEFT JOIN lots l ON l.id = t.lot_id
WHERE t.month = %(month)s GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
_GROUPS = (
    _FLOWS,
    "SELECT lot_id, sum(amount) FROM transfers WHERE month = %(month)s GROUP BY lot_id",
    "SELECT to_account, asset, sum(amount) FROM transfers WHERE month = %(month)s GROUP BY 1, 2",
)
_TURNED = """
SELECT extract(epoch FROM m.sealed_at - m.closed_at)::float8,
       extract(epoch FROM s.issued_at - m.sealed_at)::float8
FROM months m JOIN summaries s ON s.month = m.month WHERE m.month = %s
"""


def month(room: Room) -> Iterator[Line]:
    """Fill a month that is over, close it, and measure until its statements are issued."""
    over = month_after(month_of(now()), -2)
    with Staff(room.stack.address, "operator-1", room.stack.secrets.staff()) as operator:
        operator.post(f"/points/v1/months/{over:%Y-%m}/open", {}, "bench:month:open")
        with room.steps.step("A month of a million transfers is written"):
            _fill(room, over)
        grouped_s = _grouped_s(room, over)
        operator.post(f"/points/v1/months/{over:%Y-%m}/close", {}, "bench:month:close")
        with room.steps.step("The month is sealed and stated"):
            gate_s, stated_s = _stated(room, over)
    figures = {
        "transfers": LINES,
        "seal_to_statements_ms": round(1000 * stated_s),
        "grouping_ms": round(1000 * grouped_s),
        "audit_before_the_seal_ms": round(1000 * gate_s),
    }
    what = "seal of a month of 1 M transfers to its last statement, beside SQL that groups the same rows"
    yield Line("month", what, stated_s / grouped_s, figures, most=1.5)


def _fill(room: Room, over: date) -> None:
    at: datetime = midnight(over) + timedelta(days=9)
    url = books(room.stack)
    for _ in fill_new(url, Filling("month", "office", at), LINES // LINES_PER_WALLET):
        pass
    settle_down(url)


def _grouped_s(room: Room, over: date) -> float:
    """Group the month's rows by plain SQL, with the memory that the closing job has."""
    rounds: list[float] = []
    with closing(psycopg2.connect(books(room.stack), options=f"{CLOSING_OPTIONS} {_PATIENT}")) as connection:
        for _ in range(ROUNDS):
            began = time.monotonic()
            with connection.cursor() as cursor:
                for groups in _GROUPS:
                    cursor.execute(groups, {"month": over})
                    cursor.fetchall()
            rounds.append(time.monotonic() - began)
            connection.rollback()
    return median(rounds)


def _stated(room: Room, over: date) -> tuple[float, float]:
    """Wait for the statements; give the seconds from the close to the seal, and from the seal to them.

    :raises TimeoutError: if they are not issued.
    """
    give_up_at = time.monotonic() + PATIENCE_S
    with closing(psycopg2.connect(books(room.stack))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            while True:
                cursor.execute(_TURNED, (over,))
                found: Any = cursor.fetchone()
                if found is not None:
                    return float(found[0]), float(found[1])
                if time.monotonic() > give_up_at:
                    raise TimeoutError(f"the month {over:%Y-%m} is not stated; the log of points says why")
                time.sleep(0.2)
