"""All evidence of one scope, gathered in one read-only snapshot. Refuses to judge: the invariants do."""

from psycopg2.extensions import cursor as Cursor

from services.points.domain.looks import Evidence
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
    opening_evidence,
    refund_evidence,
    return_evidence,
    terms_evidence,
    voiding_evidence,
    voucher_evidence,
)
from services.points.queries.scope import Scope
from services.points.queries.statement_evidence import statement_papers


def gathered(cursor: Cursor, scope: Scope, *, holders: bool) -> Evidence:
    """Gather what the invariants judge.

    A scope that ends in a snapshot is held against it, and its statements against the journals; one that ends
    in the books of now is held against lots and wallets as they stand.

    :param holders: also count every holder's journals, over all months.
    """
    closed = scope.ends_in is not None
    exchanged = exchange_evidence.happened(cursor, scope)
    return Evidence(
        lines=line_evidence.lines(cursor, scope),
        slices=line_evidence.slices(cursor, scope),
        exchanges=line_evidence.exchanges(cursor, scope),
        lots=() if closed else balance_evidence.lots(cursor, scope),
        wallets=() if closed else balance_evidence.wallets(cursor, scope),
        sums=balance_evidence.sums(cursor, scope),
        receipts=journal_evidence.receipts(cursor, scope),
        terms=terms_evidence.terms(cursor, scope),
        bonuses=campaign_evidence.bonuses(cursor, scope),
        redemptions=journal_evidence.redemptions(cursor, scope),
        check_ins=check_in_evidence.check_ins(cursor, scope),
        adjustments=adjustment_evidence.adjustments(cursor, scope),
        refunds=refund_evidence.refunds(cursor, scope),
        reversals=refund_evidence.reversals(cursor, scope),
        gifts=gift_evidence.gifts(cursor, scope),
        holds=hold_evidence.holds(cursor, scope),
        expiries=expiry_evidence.expiries(cursor, scope),
        vouchers=voucher_evidence.vouchers(cursor, scope),
        voidings=voiding_evidence.voidings(cursor, scope),
        openings=opening_evidence.openings(cursor, scope),
        sheets=opening_evidence.sheets(cursor) if holders else (),
        doubts=doubt_evidence.doubts(cursor) if holders else (),
        returns=return_evidence.returns(cursor, scope),
        repayments=return_evidence.repayments(cursor, scope),
        journals=journal_evidence.journals(cursor, scope),
        batches=journal_evidence.batches(cursor, scope),
        snapshot_lots=balance_evidence.snapshot_lots(cursor, scope) if closed else (),
        snapshot_accounts=balance_evidence.snapshot_accounts(cursor, scope) if closed else (),
        digests=balance_evidence.digests(cursor, scope),
        locks=journal_evidence.locks(cursor, scope),
        statements=statement_papers(cursor, scope) if closed else (),
        holders=journal_evidence.holders(cursor) if holders else (),
        limits=() if closed else limit_evidence.limits(cursor),
        wishes=exchange_evidence.wishes(cursor, scope) if exchanged else (),
        turns=exchange_evidence.turns(cursor, scope) if exchanged else (),
        shares=exchange_evidence.shares(cursor, scope) if exchanged else (),
        draws=exchange_evidence.draws(cursor, scope) if exchanged else (),
    )
