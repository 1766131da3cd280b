"""What the stand-in for a partner remembers: every request number, and what it said to it, on disk.

Refuses to say two things to one number: whatever was said first is said again, of coupons and of voidings.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any

from shared.runtime.clock import now

DAY, GOOD_FOR = timedelta(days=1), timedelta(days=30)
_TABLE = """
CREATE TABLE IF NOT EXISTS words (
    number TEXT PRIMARY KEY, state TEXT NOT NULL, offer TEXT, price_fen INTEGER, code TEXT,
    valid_until TEXT, reason TEXT)
"""


_ENDS = "CREATE TABLE IF NOT EXISTS ends (number TEXT PRIMARY KEY, state TEXT NOT NULL)"
_VOIDS = """
CREATE TABLE IF NOT EXISTS voids (void_no TEXT PRIMARY KEY, number TEXT NOT NULL, state TEXT NOT NULL)
"""


class OtherTerms(Exception):
    """The number was asked for another offer, at another price, or for another coupon before."""


@dataclass(frozen=True, slots=True)
class CouponBook:
    """The book in one file."""

    path: Path

    def ask(
        self,
        number: str,
        offer: str,
        price_fen: int,
        *,
        sold_out: bool = False,
        again: bool = False,
        over: bool = False,
    ) -> dict[str, Any]:
        """Issue a coupon under a number, once; or say that there are none left.

        :param again: whether the first coupon that was ever issued is issued again.
        :param over: whether it is over since yesterday.
        :raises OtherTerms: if the number is known for something else.
        """
        with self._writing() as book:
            known = _found(book, number)
            if known is None:
                fresh = _first_code(book) or _code() if again else _code()
                state, code, reason = ("refused", None, "sold-out") if sold_out else ("issued", fresh, None)
                good_for = -DAY if over else GOOD_FOR
                until = (now() + good_for).isoformat() if code else None
                book.execute(
                    "INSERT INTO words VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (number, state, offer, price_fen, code, until, reason),
                )
                known = _found(book, number)
            assert known is not None
            if known["offer"] is not None and (known["offer"], known["price_fen"]) != (offer, price_fen):
                raise OtherTerms(number)
            return known

    def let_be(self, number: str) -> dict[str, Any]:
        """Issue nothing under a number any more; where a coupon was issued, it stays issued."""
        with self._writing() as book:
            known = _found(book, number)
            if known is None:
                book.execute(
                    "INSERT INTO words (number, state, reason) VALUES (?, 'cancelled', 'cancelled')",
                    (number,),
                )
                known = _found(book, number)
            assert known is not None
            return known

    def void(self, void_no: str, number: str, *, used: bool = False, lost: bool = False) -> dict[str, Any]:
        """Make a coupon worthless, once; or say that it was used, or that no such coupon was ever issued.

        :param used: whether its member has used it just now.
        :param lost: whether the book has lost it.
        :raises OtherTerms: if the number of the voiding is known for another coupon.
        """
        with self._writing() as book:
            known = _voiding(book, void_no)
            if known is None:
                if used:
                    book.execute("INSERT OR IGNORE INTO ends VALUES (?, 'used')", (number,))
                coupon = None if lost else _found(book, number)
                state = "unknown"
                if coupon is not None and coupon["state"] == "issued":
                    book.execute("INSERT OR IGNORE INTO ends VALUES (?, 'voided')", (number,))
                    (state,) = book.execute("SELECT state FROM ends WHERE number = ?", (number,)).fetchone()
                book.execute("INSERT INTO voids VALUES (?, ?, ?)", (void_no, number, state))
                known = (number, state)
            if known[0] != number:
                raise OtherTerms(void_no)
            return {"request_no": number, "void_no": void_no, "state": known[1]}

    def ended(self) -> dict[str, str]:
        """Give every coupon that is void or used, by its number."""
        with self._writing() as book:
            return dict(book.execute("SELECT number, state FROM ends").fetchall())

    def issued(self) -> dict[str, str]:
        """Give every code that was ever issued, by its number."""
        with self._writing() as book:
            return dict(book.execute("SELECT number, code FROM words WHERE state = 'issued'").fetchall())

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.path, timeout=10.0, isolation_level=None)) as book:
            # Nobody reads what another is about to write: of two that ask at once one is first.
            book.execute("BEGIN IMMEDIATE")
            for table in (_TABLE, _ENDS, _VOIDS):
                book.execute(table)
            yield book
            book.execute("COMMIT")


def _code() -> str:
    return token_hex(6).upper()


def _first_code(book: sqlite3.Connection) -> str | None:
    row = book.execute("SELECT code FROM words WHERE state = 'issued' ORDER BY rowid LIMIT 1").fetchone()
    return None if row is None else str(row[0])


def _voiding(book: sqlite3.Connection, void_no: str) -> tuple[str, str] | None:
    found: tuple[str, str] | None = book.execute(
        "SELECT number, state FROM voids WHERE void_no = ?", (void_no,)
    ).fetchone()
    return found


def _found(book: sqlite3.Connection, number: str) -> dict[str, Any] | None:
    row = book.execute(
        "SELECT number, state, offer, price_fen, code, valid_until, reason FROM words WHERE number = ?",
        (number,),
    ).fetchone()
    names = ("request_no", "state", "offer", "price_fen", "code", "valid_until", "reason")
    return None if row is None else dict(zip(names, row, strict=True))
