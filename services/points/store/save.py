"""Applied changes as array literals for points_save, in the order of its parameters."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from services.points.domain import changes as c
from services.points.domain.books import LedgerBooks
from services.points.domain.changed import ByKind, changed_holders
from services.points.domain.journal import Journal
from services.points.domain.lot import Lot
from shared.runtime.memory import Record, json_text, pg_array, pg_integers, pg_lines, pg_texts

_LOT = attrgetter(
    *("id", "wallet_id", "asset", "issuer", "receipt_number", "parent_id", "origin", "earned"),
    *("points_left", "earned_at", "available_at", "expires_at"),
)
_JOURNAL = attrgetter(
    *("id", "kind", "month", "concerns", "occurred_at", "holder_id", "unit", "sides", "subject", "transfers")
)
_LINE = attrgetter(
    *("asset", "amount", "from_account", "to_account", "lot_id", "cause", "cause_line", "worth_fen")
)
_RECEIPT = attrgetter(
    *("name", "id", "unit", "store", "number", "wallet_id", "amount_fen", "purchased_at", "month", "points"),
    *("answer", "terms", "capped_on"),
)
_ORDER = attrgetter(
    *("name", "id", "unit", "order_no", "holder_id", "price_fen", "paid_fen", "change_points"),
    *("occurred_at", "month", "terms", "answer", "hold_id"),
)


def saved_parameters(books: LedgerBooks, by_kind: ByKind, record: Record) -> tuple[object, ...]:
    """Write the parameters of points_save that follow the frame's."""
    return (
        books.batch_id,
        books.now.isoformat(),
        *_holders(books, by_kind),
        *_lots(by_kind),
        *_journals(by_kind),
        *_receipts(by_kind, record),
        *_orders(by_kind, record),
    )


def _columns(read: "attrgetter[Any]", rows: Iterable[Any], width: int) -> Iterable[Sequence[Any]]:
    """Give the columns of these rows, each field read once; empty ones where there is no row."""
    return list(zip(*map(read, rows), strict=True)) or [()] * width


def _json(answer: Mapping[str, Any], record: Record) -> str:
    """Write an answer as the desk has written it for whoever asked, or afresh where that was another one."""
    return record.written.get(id(answer)) or json_text(answer)


def _times(moments: Iterable[datetime]) -> str:
    return pg_texts([moment.isoformat() for moment in moments])


def _holders(books: LedgerBooks, by_kind: ByKind) -> tuple[str, ...]:
    """Give everybody whose wallet shows something else now, turned or not: they get the batch's number."""
    changed = changed_holders(books, by_kind)
    return pg_array(changed), pg_integers([books.holders[holder_id] for holder_id in changed])


def _lots(by_kind: ByKind) -> tuple[str, ...]:
    opened: dict[str, Lot] = {change.lot.id: change.lot for change in by_kind.get(c.LotOpened, ())}
    drawn: dict[str, int] = {}
    for change in by_kind.get(c.LotDrawn, ()):
        lot = change.lot
        # A lot opened in this very batch is written once, as the batch leaves it.
        if lot.id in opened:
            opened[lot.id] = lot
        else:
            drawn[lot.id] = lot.points_left
    ids, wallets, assets, issuers, numbers, parents, origins, earned, left, *times = _columns(
        _LOT, opened.values(), 12
    )
    return (
        pg_array(ids),
        pg_array(wallets),
        pg_texts(assets),
        pg_texts(issuers),
        pg_texts(numbers),
        pg_array(parents),
        pg_texts(origins),
        pg_integers(earned),
        pg_integers(left),
        *(_times(moments) for moments in times),
        pg_array(drawn),
        pg_integers(drawn.values()),
    )


def _journals(by_kind: ByKind) -> tuple[str, ...]:
    journals: list[Journal] = [change.journal for change in by_kind.get(c.JournalPosted, ())]
    ids, kinds, months, concerns, times, holders, units, sides, subjects, transfers = _columns(
        _JOURNAL, journals, 10
    )
    places: list[int] = []
    causes: list[int | None] = []
    for place, lines in enumerate(transfers, 1):
        # Counted from 1 over the whole batch: by journal here, by line there.
        first = len(causes) + 1
        causes += [None if line.cause is None else first + line.cause for line in lines]
        places += [place] * len(lines)
    assets, amounts, sources, targets, lots, _, cause_lines, worths = _columns(
        _LINE, (line for lines in transfers for line in lines), 8
    )
    return (
        pg_array(ids),
        pg_texts(kinds),
        pg_array(months),
        pg_array(concerns),
        _times(times),
        pg_array(holders),
        pg_texts(units),
        pg_texts([",".join(names) for names in sides]),
        pg_array(subjects),
        pg_integers(places),
        pg_texts(assets),
        pg_integers(amounts),
        pg_integers(sources),
        pg_integers(targets),
        pg_array(lots),
        pg_integers(causes),
        pg_integers(cause_lines),
        pg_integers(worths),
    )


def _receipts(by_kind: ByKind, record: Record) -> tuple[str, ...]:
    kept: Sequence[c.ReceiptKept] = by_kind.get(c.ReceiptKept, ())
    names, ids, units, stores, numbers, wallets, amounts, times, months, points, answers, terms, capped = (
        _columns(_RECEIPT, kept, 13)
    )
    return (
        pg_texts(names),
        pg_array(ids),
        pg_texts(units),
        pg_texts(stores),
        pg_texts(numbers),
        pg_array(wallets),
        pg_integers(amounts),
        _times(times),
        pg_array(months),
        pg_integers(points),
        pg_lines([_json(answer, record) for answer in answers]),
        pg_lines([json_text(one.as_json()) for one in terms]),
        pg_array(capped),
    )


def _orders(by_kind: ByKind, record: Record) -> tuple[str, ...]:
    kept: Sequence[c.RedemptionKept] = by_kind.get(c.RedemptionKept, ())
    names, ids, units, numbers, holders, prices, paid, changes, times, months, terms, answers, holds = (
        _columns(_ORDER, kept, 13)
    )
    return (
        pg_texts(names),
        pg_array(ids),
        pg_texts(units),
        pg_texts(numbers),
        pg_array(holders),
        pg_integers(prices),
        pg_integers(paid),
        pg_integers(changes),
        _times(times),
        pg_array(months),
        pg_texts(terms),
        pg_lines([_json(answer, record) for answer in answers]),
        pg_array(holds),
    )
