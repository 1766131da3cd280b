"""What points have paid and what came back of it: lines of redemptions and captures, and their refunds.

How much of a line is back follows from what all refunds of its redemption add up to: they go through its
lines from the last to the first. Refuses to lock: whoever holds the wallets of the lots today guards them.
"""

from collections.abc import Sequence

import orjson
from psycopg2.extensions import cursor as Cursor

from services.points.domain import changes as c
from services.points.domain.amounts import Fen, Points
from services.points.domain.books import LedgerBooks
from services.points.domain.refund import PaidLine, Payment
from services.points.store.lots import load_lots
from services.points.store.noun import Noun
from shared.runtime.memory import json_text

# The journal stands in the answer; it has its own index in the partition of its month.
_LINES = """
SELECT r.id::text, t.id, l.wallet_id::text, l.id::text, t.amount, t.worth_fen
FROM redemptions r
JOIN transfers t ON t.month = r.month AND t.journal_id = substr(r.answer::json ->> 'journal', 5)::uuid
                AND t.worth_fen IS NOT NULL
JOIN lots l ON l.id = t.lot_id
WHERE r.id = ANY (%s::uuid[]) ORDER BY t.id
"""
_IDENTITIES = """
SELECT DISTINCT r.id::text, w.identity
FROM redemptions r
JOIN transfers t ON t.month = r.month AND t.journal_id = substr(r.answer::json ->> 'journal', 5)::uuid
                AND t.worth_fen IS NOT NULL
JOIN lots l ON l.id = t.lot_id
JOIN wallets w ON w.id = l.wallet_id
WHERE r.id = ANY (%s::uuid[])
"""
_PAYMENTS = """
SELECT r.id::text, r.unit, r.order_no, r.paid_fen, r.occurred_at,
       coalesce((SELECT max(f.refunded_fen) FROM refunds f WHERE f.redemption_id = r.id), 0),
       (SELECT v.id::text FROM vouchers v WHERE v.id = r.hold_id)
FROM redemptions r WHERE r.id = ANY (%s::uuid[])
"""
_KNOWN = "SELECT name, redemption_id::text, amount_fen, answer FROM refunds WHERE name = ANY (%s)"
_KEEP = """
INSERT INTO refunds (name, id, redemption_id, unit, refund_no, amount_fen, refunded_fen, occurred_at, month,
                     answer)
SELECT * FROM unnest(%s::text[], %s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::bigint[], %s::bigint[],
                     %s::timestamptz[], %s::date[], %s::text[])
"""


def _load(cursor: Cursor, books: LedgerBooks, ids: Sequence[str]) -> None:
    lines: dict[str, list[PaidLine]] = {}
    cursor.execute(_LINES, (list(ids),))
    for redemption, id_, wallet_id, lot_id, points, worth in cursor.fetchall():
        line = PaidLine(id_, wallet_id, lot_id, Points(points), Fen(worth))
        lines.setdefault(redemption, []).append(line)
    cursor.execute(_PAYMENTS, (list(ids),))
    for id_, unit, order_no, paid, paid_at, refunded, voucher in cursor.fetchall():
        taken = tuple(lines.get(id_, ()))
        books.payments[id_] = Payment(id_, unit, order_no, Fen(paid), paid_at, taken, Fen(refunded), voucher)
    load_lots(cursor, books, {line.lot_id for taken in lines.values() for line in taken})


def _load_known(cursor: Cursor, books: LedgerBooks, names: Sequence[str]) -> None:
    cursor.execute(_KNOWN, (list(names),))
    for name, redemption_id, amount_fen, answer in cursor.fetchall():
        books.refunds[name] = c.KnownRefund(redemption_id, amount_fen, orjson.loads(answer))


def _keep(cursor: Cursor, changes: Sequence[c.RefundKept]) -> None:
    rows = [
        (
            one.name,
            one.id,
            one.redemption_id,
            one.unit,
            one.refund_no,
            one.amount_fen,
            one.refunded_fen,
            one.occurred_at,
            one.month,
            json_text(one.answer),
        )
        for one in changes
    ]
    cursor.execute(_KEEP, tuple(list(column) for column in zip(*rows, strict=True)))


REDEMPTION = Noun("redemption", _load, _IDENTITIES)
REFUND = Noun("refund", _load_known, writers={c.RefundKept: _keep})
