"""What the clients do, one class a verb: how a wish is made, and what its answer does to their own books.

A new way in or out of the ledger is one more class here and one more line in `VERBS`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from shared.runtime.clock import now
from tests.chaos.model import Books, Done, Wish

EARNING = {"office": 20_000, "property": 100_000}
"""Units whose points may be spent at once, and the fen that earn a hundred of them."""

PAYING = ("hotel", "office", "property")


class Verb(Protocol):
    """One thing that clients do."""

    @property
    def weight(self) -> int:
        """How often, beside the others."""

    def wish(self, key: str, person: str, chance: random.Random, past: Sequence[Done]) -> Wish | None:
        """Make a wish of a person, or None where there is nothing to wish for yet.

        :param past: what this client did so far, answers included (what may be refunded, captured …).
        """

    def learn(self, books: Books, done: Done) -> None:
        """Add a success to the clients' books."""


@dataclass(frozen=True, slots=True)
class Earn:
    """A purchase at a unit, some days ago, perhaps in a month that is closing or sealed by now."""

    weight: int = 5

    def wish(self, key: str, person: str, chance: random.Random, past: Sequence[Done]) -> Wish | None:
        """Report a receipt as the till of its unit."""
        unit = chance.choice(list(EARNING))
        bought = now() - timedelta(days=chance.randrange(40), minutes=chance.randrange(600))
        body = {
            "unit": unit,
            "store": "chaos",
            "receipt_no": key,
            "number": person,
            "amount_fen": EARNING[unit] * chance.randint(1, 9),
            "purchased_at": bought.isoformat(),
        }
        return Wish("earn", f"till-{unit}", "/points/v1/receipts", body)

    def learn(self, books: Books, done: Done) -> None:
        """Add the points."""
        books.points[done.wish.body["number"], done.answer["asset"]] += done.answer["points"]


@dataclass(frozen=True, slots=True)
class Redeem:
    """A price paid with points of all units, exactly or as far as they reach."""

    weight: int = 5

    def wish(self, key: str, person: str, chance: random.Random, past: Sequence[Done]) -> Wish | None:
        """Pay for an order."""
        pay = chance.randint(100, 400)
        how = {"pay_fen": pay} if chance.random() < 0.5 else {"up_to_fen": pay}
        body = {
            "unit": chance.choice(PAYING),
            "order_no": key,
            "number": person,
            "price_fen": pay * 2,
            **how,
        }
        return Wish("redeem", "importer", "/points/v1/redemptions", body)

    def learn(self, books: Books, done: Done) -> None:
        """Take the points out, add change and what units owe each other."""
        person = done.wish.body["number"]
        for one in done.answer["taken"]:
            books.points[person, one["asset"]] -= one["points"]
            books.points[person, "GRUP"] += one["change_points"]
        for one in done.answer["owed"]:
            books.owed_fen[one["issuer"], done.answer["unit"]] += one["amount_fen"]


VERBS: dict[str, Verb] = {"earn": Earn(), "redeem": Redeem()}


def added_up(done: Sequence[Done]) -> Books:
    """Add up everything that was done."""
    books = Books()
    for one in done:
        books.counts[f"{one.wish.verb} {'done' if one.succeeded else one.answer.get('code')}"] += 1
        if one.succeeded:
            VERBS[one.wish.verb].learn(books, one)
    return books
