"""What the clients do, one class a verb: how a wish is made, and what its answer does to their own books.

A new way in or out of the ledger is one more class here and one more line in `VERBS`.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from shared.runtime.clock import now
from tests.chaos.model import Books, Done, Wish

EARNING = {"office": 20_000, "property": 100_000}
"""Units whose points may be spent at once, and the fen that earn a hundred of them."""

PAYING = ("hotel", "office", "property")
VALUES = {"OFFI": 1, "PROP": 1, "HOTL": 1, "GRUP": 1, "MALL": 5}
"""What a point is worth in fen, in the group that is brought up."""

OWNED = ("OFFI", "PROP", "GRUP")
"""What persons mostly have."""

GROUP = "group"


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


def recent(past: Sequence[Done], chance: random.Random, *verbs: str) -> Done | None:
    """Choose among the last things that were done of these kinds: old ones have mostly come to their end."""
    found = [one for one in past[-60:] if one.succeeded and one.wish.verb in verbs]
    return chance.choice(found[-6:]) if found else None


@dataclass(frozen=True, slots=True)
class Earn:
    """A purchase at a unit, some days ago, perhaps in a month that is closing or sealed by now."""

    weight: int = 6

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
        books.keep("receipts", done.answer["receipt"])
        books.points[done.wish.body["number"], done.answer["asset"]] += done.answer["points"]


def price(key: str, person: str, chance: random.Random, exactly: str) -> dict[str, Any]:
    """Make a wish to pay, exactly or as far as points reach."""
    fen = chance.randint(100, 400)
    how = exactly if chance.random() < 0.5 else "up_to_fen"
    body = {"unit": chance.choice(PAYING), "order_no": key, "number": person, "price_fen": fen * 2}
    return {**body, how: fen}


def settle(books: Books, answer: Mapping[str, Any]) -> None:
    """Add what issuers owe the unit that was paid."""
    for one in answer["owed"]:
        books.owed_fen[one["issuer"], answer["unit"]] += one["amount_fen"]


@dataclass(frozen=True, slots=True)
class Redeem:
    """A price paid with points of all units, exactly or as far as they reach."""

    weight: int = 4

    def wish(self, key: str, person: str, chance: random.Random, past: Sequence[Done]) -> Wish | None:
        """Pay for an order."""
        body = price(key, person, chance, "pay_fen")
        return Wish("redeem", "importer", "/points/v1/redemptions", body)

    def learn(self, books: Books, done: Done) -> None:
        """Take the points out, add change and what units owe each other."""
        person = done.wish.body["number"]
        books.keep("redemptions", done.answer["redemption"], person)
        for one in done.answer["taken"]:
            books.points[person, one["asset"]] -= one["points"]
            books.points[person, "GRUP"] += one["change_points"]
        settle(books, done.answer)


@dataclass(frozen=True, slots=True)
class Hold:
    """Points set aside for an order."""

    weight: int = 4

    def wish(self, key: str, person: str, chance: random.Random, past: Sequence[Done]) -> Wish | None:
        """Set points of all units aside."""
        return Wish("hold", "importer", "/points/v1/holds", price(key, person, chance, "amount_fen"))

    def learn(self, books: Books, done: Done) -> None:
        """Move the points from the wallet into the hold."""
        person = done.wish.body["number"]
        books.keep("holds", done.answer["hold"], person)
        for one in done.answer["slices"]:
            books.points[person, one["asset"]] -= one["points"]
            books.held[person, one["asset"]] += one["points"]


def give_back(books: Books, person: str, released: Sequence[Mapping[str, Any]]) -> None:
    """Move what a hold gives back into the wallet."""
    for one in released:
        books.held[person, one["asset"]] -= one["points"]
        books.points[person, one["asset"]] += one["points"]


@dataclass(frozen=True, slots=True)
class Capture:
    """A part of what is on hold pays its order; now and then more than is left, or the last of it."""

    weight: int = 5

    def wish(self, key: str, person: str, chance: random.Random, past: Sequence[Done]) -> Wish | None:
        """Capture as the till of the hold's unit."""
        hold = recent(past, chance, "hold")
        if hold is None or not hold.answer["amount_fen"]:
            return None
        fen = chance.randint(1, hold.answer["amount_fen"])
        body = {"capture_no": key, "amount_fen": fen, "final": chance.random() < 0.3}
        path = f"/points/v1/holds/{hold.answer['hold']}/capture"
        return Wish("capture", f"till-{hold.answer['unit']}", path, body)

    def learn(self, books: Books, done: Done) -> None:
        """Take out of the hold what paid, keep its change there, give back what a last one leaves."""
        person = books.person["holds", done.answer["hold"]]
        books.keep("redemptions", done.answer["redemption"], person)
        for one in done.answer["taken"]:
            books.held[person, one["asset"]] -= one["points"]
            books.held[person, "GRUP"] += one["change_points"]
        give_back(books, person, done.answer["released"])
        settle(books, done.answer)


@dataclass(frozen=True, slots=True)
class Release:
    """A hold is let go, perhaps one that has ended."""

    weight: int = 1

    def wish(self, key: str, person: str, chance: random.Random, past: Sequence[Done]) -> Wish | None:
        """Release as the till of the hold's unit."""
        hold = recent(past, chance, "hold")
        if hold is None:
            return None
        path = f"/points/v1/holds/{hold.answer['hold']}/release"
        return Wish("release", f"till-{hold.answer['unit']}", path, {})

    def learn(self, books: Books, done: Done) -> None:
        """Give everything back."""
        give_back(books, books.person["holds", done.answer["hold"]], done.answer["released"])


@dataclass(frozen=True, slots=True)
class Refund:
    """A part of what points paid comes back, now and then more than is left of it."""

    weight: int = 3

    def wish(self, key: str, person: str, chance: random.Random, past: Sequence[Done]) -> Wish | None:
        """Refund a redemption or a capture as the till of its unit."""
        paid = recent(past, chance, "redeem", "capture")
        if paid is None or not paid.answer["paid_fen"]:
            return None
        body = {"refund_no": key, "amount_fen": chance.randint(1, paid.answer["paid_fen"])}
        path = f"/points/v1/redemptions/{paid.answer['redemption']}/refunds"
        return Wish("refund", f"till-{paid.answer['unit']}", path, body)

    def learn(self, books: Books, done: Done) -> None:
        """Give the points back, and undo what units came to owe."""
        person = books.person["redemptions", done.answer["redemption"]]
        books.keep("refunds", done.answer["refund"])
        for one in done.answer["restored"]:
            books.points[person, one["asset"]] += one["points"]
        for one in done.answer["undone"]:
            books.owed_fen[done.answer["unit"], one["issuer"]] += one["amount_fen"]


@dataclass(frozen=True, slots=True)
class Quote:
    """A question what points of one asset would become in another; nothing moves."""

    weight: int = 3

    def wish(self, key: str, person: str, chance: random.Random, past: Sequence[Done]) -> Wish | None:
        """Ask as the importer."""
        from_asset = chance.choice(OWNED)
        to_asset = chance.choice([one for one in VALUES if one != from_asset])
        body = {
            "unit": "office",
            "number": person,
            "from_asset": from_asset,
            "to_asset": to_asset,
            "points": chance.randint(1, 60),
        }
        return Wish("quote", "importer", "/points/v1/exchanges/quote", body)

    def learn(self, books: Books, done: Done) -> None:
        """Remember that it was asked."""
        books.keep("quotes", done.answer["quote"], done.wish.body["number"])


@dataclass(frozen=True, slots=True)
class Exchange:
    """A quote is carried out, now and then a second time: that is the first one again."""

    weight: int = 4

    def wish(self, key: str, person: str, chance: random.Random, past: Sequence[Done]) -> Wish | None:
        """Carry out one of the last quotes."""
        quote = recent(past, chance, "quote")
        if quote is None:
            return None
        asked = quote.wish.body
        body = {"unit": asked["unit"], "number": asked["number"], "quote": quote.answer["quote"]}
        return Wish("exchange", "importer", "/points/v1/exchanges", body)

    def learn(self, books: Books, done: Done) -> None:
        """Turn the points, and let issuers owe what theirs brought and did not become."""
        told = done.answer
        person = books.person["quotes", told["quote"]]
        if not books.keep("exchanges", told["exchange"]):
            return
        books.points[person, told["from_asset"]] -= told["points"]
        books.points[person, told["to_asset"]] += told["given"]
        for pair, fen in claimed(told).items():
            books.owed_fen[pair] += fen


def claimed(exchange: Mapping[str, Any]) -> dict[tuple[str, str], int]:
    """Say who owes whom by an exchange: whose points brought more than became of them pays, the group gets
    what was rounded away.
    """
    rests: dict[str, int] = {}
    for one in exchange["taken"]:
        brought = one["points"] * VALUES[exchange["from_asset"]] - one["given"] * VALUES[exchange["to_asset"]]
        rests[one["issuer"]] = rests.get(one["issuer"], 0) + brought
    rests[GROUP] = rests.get(GROUP, 0) - exchange["fee_fen"] - exchange["residual_fen"]
    assert sum(rests.values()) == 0, f"value was made or lost: {exchange}"
    owed: dict[tuple[str, str], int] = {}
    for creditor in [unit for unit, rest in rests.items() if rest < 0]:
        for debtor in [unit for unit, rest in rests.items() if rest > 0]:
            if fen := min(-rests[creditor], rests[debtor]):
                owed[debtor, creditor] = fen
                rests[creditor] += fen
                rests[debtor] -= fen
    return owed


VERBS: dict[str, Verb] = {
    "earn": Earn(),
    "redeem": Redeem(),
    "hold": Hold(),
    "capture": Capture(),
    "release": Release(),
    "refund": Refund(),
    "quote": Quote(),
    "exchange": Exchange(),
}


def added_up(done: Sequence[Done]) -> Books:
    """Add up everything that was done."""
    books = Books()
    for one in done:
        books.counts[f"{one.wish.verb} {'done' if one.succeeded else one.answer.get('code')}"] += 1
        if one.succeeded:
            VERBS[one.wish.verb].learn(books, one)
    return books
