"""Voidings behind their vouchers: loaded with them, written as they are asked for and settled.

Refuses to lock: whoever holds the voucher's wallet guards them.
"""

from collections.abc import Sequence
from typing import Any

from psycopg2.extensions import cursor as Cursor

from services.points.domain.books import LedgerBooks
from services.points.domain.voiding import Voiding, VoidingAsked, VoidingSettled, VoidingState

_READ = """
SELECT id::text, voucher_id::text, asked_by, reason, asked_at, state, settled_at, refund_id::text
FROM voidings WHERE voucher_id = ANY (%s::uuid[])
"""


def load_voidings(cursor: Cursor, books: LedgerBooks, vouchers: Sequence[str]) -> None:
    """Read every voiding of these vouchers into the books."""
    cursor.execute(_READ, (list(vouchers),))
    names = [column.name for column in cursor.description]
    for row in cursor.fetchall():
        facts: dict[str, Any] = dict(zip(names, row, strict=True))
        voiding = Voiding(**{**facts, "state": VoidingState(facts["state"])})
        books.voidings.setdefault(voiding.voucher_id, {})[voiding.id] = voiding


def ask_voidings(cursor: Cursor, changes: Sequence[VoidingAsked]) -> None:
    """Write voidings that were asked for."""
    for one in changes:
        voiding = one.voiding
        cursor.execute(
            "INSERT INTO voidings (id, voucher_id, wallet_id, unit, asked_by, reason, asked_at, month)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            (
                voiding.id,
                voiding.voucher_id,
                one.wallet_id,
                one.unit,
                voiding.asked_by,
                voiding.reason,
                voiding.asked_at,
                one.month,
            ),
        )


def settle_voidings(cursor: Cursor, changes: Sequence[VoidingSettled]) -> None:
    """Write what became of voidings."""
    for one in changes:
        voiding = one.voiding
        cursor.execute(
            "UPDATE voidings SET state = %s, settled_at = %s, settled_month = %s, refund_id = %s"
            " WHERE id = %s",
            (voiding.state.value, voiding.settled_at, one.month, voiding.refund_id, voiding.id),
        )
