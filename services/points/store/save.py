"""Applied changes as array literals for points_save, in the order of its parameters."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from services.points.domain import changes as c
from services.points.domain.books import LedgerBooks
from services.points.domain.journal import Journal
from services.points.domain.lot import Lot
from shared.runtime.memory import pg_array, pg_texts

ByKind = Mapping[type, Sequence[Any]]


def saved_parameters(books: LedgerBooks, by_kind: ByKind) -> tuple[object, ...]:
    """Write the parameters of points_save that follow the frame's."""
    return (
        books.batch_id,
        books.now.isoformat(),
        *_holders(by_kind),
        *_lots(by_kind),
        *_journals(by_kind),
        *_receipts(by_kind),
        *_orders(by_kind),
    )


def _json(answer: Mapping[str, Any]) -> str:
    return orjson.dumps(answer, option=orjson.OPT_SORT_KEYS).decode()


def _times(moments: Iterable[datetime]) -> str:
    return pg_texts(moment.isoformat() for moment in moments)


def _holders(by_kind: ByKind) -> tuple[str, ...]:
    turned = {change.holder_id: change.version for change in by_kind.get(c.HolderTurned, ())}
    return pg_array(turned), pg_array(turned.values())


def _lots(by_kind: ByKind) -> tuple[str, ...]:
    opened: dict[str, Lot] = {change.lot.id: change.lot for change in by_kind.get(c.LotOpened, ())}
    drawn: dict[str, int] = {}
    for change in by_kind.get(c.LotDrawn, ()):
        # A lot opened in this very batch is written once, as the batch leaves it.
        if change.lot.id in opened:
            opened[change.lot.id] = change.lot
        else:
            drawn[change.lot.id] = change.lot.points_left
    lots = opened.values()
    return (
        pg_array(opened),
        pg_array(lot.wallet_id for lot in lots),
        pg_texts(lot.asset for lot in lots),
        pg_texts(lot.issuer for lot in lots),
        pg_texts(lot.receipt_number for lot in lots),
        pg_array(lot.parent_id for lot in lots),
        pg_texts(lot.origin for lot in lots),
        pg_array(lot.earned for lot in lots),
        pg_array(lot.points_left for lot in lots),
        _times(lot.earned_at for lot in lots),
        _times(lot.available_at for lot in lots),
        _times(lot.expires_at for lot in lots),
        pg_array(drawn),
        pg_array(drawn.values()),
    )


def _journals(by_kind: ByKind) -> tuple[str, ...]:
    journals: list[Journal] = [change.journal for change in by_kind.get(c.JournalPosted, ())]
    lines = [(journal, line) for journal in journals for line in journal.transfers]
    causes: list[int | None] = []
    for journal in journals:
        first = len(causes) + 1
        causes.extend(None if line.cause is None else first + line.cause for line in journal.transfers)
    return (
        pg_array(journal.id for journal in journals),
        pg_texts(journal.kind for journal in journals),
        pg_array(journal.month for journal in journals),
        pg_array(journal.concerns for journal in journals),
        _times(journal.occurred_at for journal in journals),
        pg_array(journal.holder_id for journal in journals),
        pg_texts(journal.unit for journal in journals),
        pg_texts(",".join(journal.sides) for journal in journals),
        pg_array(journal.subject for journal in journals),
        pg_array(journal.id for journal, _ in lines),
        pg_array(journal.month for journal, _ in lines),
        pg_texts(line.asset for _, line in lines),
        pg_array(line.amount for _, line in lines),
        pg_array(line.from_account for _, line in lines),
        pg_array(line.to_account for _, line in lines),
        pg_array(line.lot_id for _, line in lines),
        pg_array(causes),
        pg_array(line.cause_line for _, line in lines),
        pg_array(line.worth_fen for _, line in lines),
    )


def _receipts(by_kind: ByKind) -> tuple[str, ...]:
    kept: Sequence[c.ReceiptKept] = by_kind.get(c.ReceiptKept, ())
    return (
        pg_texts(one.name for one in kept),
        pg_array(one.id for one in kept),
        pg_texts(one.unit for one in kept),
        pg_texts(one.store for one in kept),
        pg_texts(one.number for one in kept),
        pg_array(one.wallet_id for one in kept),
        pg_array(one.amount_fen for one in kept),
        _times(one.purchased_at for one in kept),
        pg_array(one.month for one in kept),
        pg_array(one.points for one in kept),
        pg_texts(_json(one.answer) for one in kept),
        pg_texts(_json(one.terms.as_json()) for one in kept),
        pg_array(one.capped_on for one in kept),
    )


def _orders(by_kind: ByKind) -> tuple[str, ...]:
    kept: Sequence[c.RedemptionKept] = by_kind.get(c.RedemptionKept, ())
    return (
        pg_texts(one.name for one in kept),
        pg_array(one.id for one in kept),
        pg_texts(one.unit for one in kept),
        pg_texts(one.order_no for one in kept),
        pg_array(one.holder_id for one in kept),
        pg_array(one.price_fen for one in kept),
        pg_array(one.paid_fen for one in kept),
        pg_array(one.change_points for one in kept),
        _times(one.occurred_at for one in kept),
        pg_array(one.month for one in kept),
        pg_texts(one.terms for one in kept),
        pg_texts(_json(one.answer) for one in kept),
        pg_array(one.hold_id for one in kept),
    )
