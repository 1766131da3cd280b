"""Receipts as items of the batch door: in order, each with a key of its own that a second run finds again.

A key is made of the month and the receipt's number alone, so that whoever starts again after a crash asks for
the same things in the same words and gets the first answers. It sends nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import orjson

from infra.replay.dataset import Receipt

# The batch door takes at most this many.
BATCH_SIZE = 1_000


@dataclass(frozen=True, slots=True)
class Batch:
    """Up to 1,000 items of one month, ready to be sent."""

    month: str
    number: int
    receipts: int
    keys: tuple[str, ...]
    body: bytes

    @property
    def key(self) -> str:
        """Name the batch in the log of the other side."""
        return f"replay:{self.month}:batch:{self.number}"


@dataclass(frozen=True, slots=True)
class Item:
    """One wish of a receipt: to redeem, or to earn."""

    key: str
    wish: dict[str, object]


def items_of(receipt: Receipt) -> Iterator[Item]:
    """Turn one receipt into its items: the redemption first, if one is asked for, then the earning."""
    at = receipt.purchased_at.isoformat()
    name = f"replay:{receipt.purchased_at:%Y-%m}:{receipt.number}"
    number = str(receipt.household)
    if receipt.asks_to_redeem:
        redemption: dict[str, object] = {
            "key": f"{name}:r",
            "kind": "redemption",
            "unit": receipt.unit,
            "number": number,
            "order_no": str(receipt.number),
            "price_fen": receipt.price_fen,
            "up_to_fen": receipt.wanted_fen,
            "at": at,
        }
        yield Item(f"{name}:r", redemption)
    earning: dict[str, object] = {
        "key": f"{name}:e",
        "kind": "receipt",
        "unit": receipt.unit,
        "store": receipt.store,
        "number": number,
        "receipt_no": str(receipt.number),
        "purchased_at": at,
        "amount_fen": receipt.amount_fen,
        "at": at,
    }
    yield Item(f"{name}:e", earning)


def batches(month: str, receipts: Iterable[Receipt], size: int = BATCH_SIZE) -> Iterator[Batch]:
    """Pack the receipts of one month into full batches; the same receipts always make the same batches."""
    waiting: list[Item] = []
    number = 0
    for receipt in receipts:
        for item in items_of(receipt):
            waiting.append(item)
            if len(waiting) == size:
                number += 1
                yield _packed(month, number, waiting)
                waiting = []
    if waiting:
        yield _packed(month, number + 1, waiting)


def is_redemption(key: str) -> bool:
    """Tell whether the key is one of a redemption, which the business may refuse."""
    return key.endswith(":r")


def _packed(month: str, number: int, items: list[Item]) -> Batch:
    """Write the items as one body; a receipt counts where its earning is."""
    keys = tuple(item.key for item in items)
    body = orjson.dumps({"items": [item.wish for item in items]})
    return Batch(month, number, sum(not is_redemption(key) for key in keys), keys, body)
