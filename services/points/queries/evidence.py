"""All evidence of one scope, gathered in one read-only snapshot. Refuses to judge: the invariants do.

One row that cannot be read (an answer that is no JSON any more, a rate of nothing) ends the question that
meets it, and no other: that it cannot be read is evidence too.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from psycopg2 import DataError
from psycopg2.extensions import cursor as Cursor

from services.points.domain.looks import Evidence, Look, PaperLook
from services.points.queries import (
    adjustment_evidence,
    balance_evidence,
    campaign_evidence,
    check_in_evidence,
    doubt_evidence,
    exchange_evidence,
    expiry_evidence,
    gift_evidence,
    hold_evidence,
    journal_evidence,
    limit_evidence,
    line_evidence,
    name_evidence,
    opening_evidence,
    refund_evidence,
    return_evidence,
    terms_evidence,
    voiding_evidence,
    voucher_evidence,
)
from services.points.queries.scope import Scope
from services.points.queries.statement_evidence import statement_papers

Found = TypeVar("Found", bound=Look)
Ask = Callable[..., Sequence[Found]]
"""A question of this room: what it is asked with behind the cursor, it says."""


class _Reading:
    """Asks one question after the other; one that fails over what is kept is told, and gives no looks."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self.unread: list[PaperLook] = []

    def __call__(self, ask: Ask[Found], *about: Any) -> Sequence[Found]:
        self._cursor.execute("SAVEPOINT question")
        try:
            found = ask(self._cursor, *about)
        except (DataError, ValueError, LookupError, TypeError) as fault:
            self._cursor.execute("ROLLBACK TO SAVEPOINT question")
            told = str(fault).partition("\n")[0]
            self.unread.append(PaperLook(1, ask.__name__, f"{type(fault).__name__}: {told}"))
            return ()
        self._cursor.execute("RELEASE SAVEPOINT question")
        return found


def gathered(cursor: Cursor, scope: Scope, *, holders: bool) -> Evidence:
    """Gather what the invariants judge.

    A scope that ends in a snapshot is held against it, and its statements against the journals; one that ends
    in the books of now is held against lots and wallets as they stand.

    :param holders: also count every holder's journals, over all months.
    """
    closed = scope.ends_in is not None
    read = _Reading(cursor)
    return Evidence(
        lines=read(line_evidence.lines, scope),
        slices=read(line_evidence.slices, scope),
        exchanges=read(line_evidence.exchanges, scope),
        lots=() if closed else read(balance_evidence.lots, scope),
        wallets=() if closed else read(balance_evidence.wallets, scope),
        sums=read(balance_evidence.sums, scope),
        receipts=read(journal_evidence.receipts, scope),
        terms=read(terms_evidence.terms, scope),
        bonuses=read(campaign_evidence.bonuses, scope),
        redemptions=read(journal_evidence.redemptions, scope),
        names=read(name_evidence.names, scope),
        check_ins=read(check_in_evidence.check_ins, scope),
        adjustments=read(adjustment_evidence.adjustments, scope),
        refunds=read(refund_evidence.refunds, scope),
        reversals=read(refund_evidence.reversals, scope),
        gifts=read(gift_evidence.gifts, scope),
        holds=read(hold_evidence.holds, scope),
        expiries=read(expiry_evidence.expiries, scope),
        vouchers=read(voucher_evidence.vouchers, scope),
        voidings=read(voiding_evidence.voidings, scope),
        openings=read(opening_evidence.openings, scope),
        sheets=read(opening_evidence.sheets) if holders else (),
        doubts=read(doubt_evidence.doubts) if holders else (),
        returns=read(return_evidence.returns, scope),
        repayments=read(return_evidence.repayments, scope),
        journals=read(journal_evidence.journals, scope),
        batches=read(journal_evidence.batches, scope),
        snapshot_lots=read(balance_evidence.snapshot_lots, scope) if closed else (),
        snapshot_accounts=read(balance_evidence.snapshot_accounts, scope) if closed else (),
        digests=read(balance_evidence.digests, scope),
        locks=read(journal_evidence.locks, scope),
        statements=read(statement_papers, scope) if closed else (),
        holders=read(journal_evidence.holders) if holders else (),
        limits=() if closed else read(limit_evidence.limits),
        **_exchanges(cursor, scope, read),
        # Last: by now every question was asked.
        unread=tuple(read.unread),
    )


def _exchanges(cursor: Cursor, scope: Scope, read: _Reading) -> Mapping[str, Any]:
    """Gather what exchanges by wish are judged by, where there were any."""
    if not exchange_evidence.happened(cursor, scope):
        return {}
    return {
        "wishes": read(exchange_evidence.wishes, scope),
        "turns": read(exchange_evidence.turns, scope),
        "shares": read(exchange_evidence.shares, scope),
        "draws": read(exchange_evidence.draws, scope),
    }
