"""What must hold in the books, as a list of named checks over evidence. Refuses to read: queries gather."""

from collections.abc import Iterator

from services.points.domain.adjustment_invariants import ADJUSTMENT_INVARIANTS
from services.points.domain.check_in_invariants import CHECK_IN_INVARIANTS
from services.points.domain.doubt_invariants import DOUBT_INVARIANTS
from services.points.domain.exchange_invariants import EXCHANGE_INVARIANTS
from services.points.domain.gift_invariants import GIFT_INVARIANTS
from services.points.domain.hold_invariants import HOLD_INVARIANTS
from services.points.domain.line_invariants import LINE_INVARIANTS
from services.points.domain.looks import (
    BalanceLook,
    BatchLook,
    Evidence,
    ExchangeLook,
    Finding,
    HolderLook,
    Invariant,
    JournalLook,
    LimitLook,
    Look,
    LotLook,
    PaperLook,
    ReceiptLook,
    RedemptionLook,
    SliceLook,
    SumLook,
)
from services.points.domain.opening_invariants import OPENING_INVARIANTS
from services.points.domain.refund_invariants import REFUND_INVARIANTS
from services.points.domain.return_invariants import RETURN_INVARIANTS
from services.points.domain.voucher_invariants import VOUCHER_INVARIANTS


def _unsettled(one: SliceLook) -> str | None:
    expected = int(one.is_slice and one.is_foreign)
    return None if one.settlements == expected else f"{one.settlements} lines of money instead of {expected}"


def _missettled(one: SliceLook) -> str | None:
    if not one.is_slice or not one.settlements:
        return None
    if not one.amount_fits:
        return "the money is not the worth of the slice"
    return None if one.units_fit else "the money goes not from the issuer to the redeeming unit"


def _mispriced(one: SliceLook) -> str | None:
    return None if one.worth_fits or not one.is_slice else "its worth is not that of the rate in force"


def _crooked_exchange(one: ExchangeLook) -> str | None:
    if not one.is_whole:
        return "one leg of the exchange is missing"
    if not one.value_fits:
        return "what came out is not worth what went in"
    return None if one.lineage_fits else "the change lost issuer, dates or parent"


def _lot_off(one: LotLook) -> str | None:
    if not one.is_known:
        return f"the lot is gone, its lines hold {-one.difference}"
    return None if one.difference == 0 else f"points left differ by {one.difference} from its lines"


def _lot_shut(one: LotLook) -> str | None:
    return None if one.open_fits else "open without points, or shut with points"


def _lot_orphan(one: LotLook) -> str | None:
    return None if one.has_wallet or not one.is_known else "its wallet is missing"


def _differs(one: BalanceLook) -> str | None:
    return None if one.difference == 0 else f"differs by {one.difference}"


def _behind(one: HolderLook) -> str | None:
    return "a journal of a later batch is the holder's" if one.is_behind else None


def _unbalanced(one: SumLook) -> str | None:
    return None if one.total == 0 else f"{one.asset} sums to {one.total} over {one.accounts} accounts"


def _bad_receipt(one: ReceiptLook) -> str | None:
    if not one.is_kept:
        return "a journal earned for a receipt that is not kept in its month"
    if one.earns != one.is_booked:
        return "points without a journal" if one.earns else "a journal without points"
    if not one.fits:
        return "unit, wallet, time or points are not those of its journal"
    if not one.answer_fits:
        return "it was answered otherwise, its lot's dates are others, or nobody accepted its photograph"
    return None


def _bad_redemption(one: RedemptionLook) -> str | None:
    if not (one.is_kept and one.is_booked):
        return "it has no journal" if one.is_kept else "a journal without its redemption"
    if not one.paid_fits:
        return "it pays not what its slices pay"
    if not one.change_fits:
        return "its change is not what its lots of change keep"
    if not one.fits:
        return "unit, holder or time are not those of its journal"
    return None if one.answer_fits else "it was answered otherwise"


def _bad_journal(one: JournalLook) -> str | None:
    if not one.has_holder:
        return "its holder is missing"
    if not one.has_lines:
        return "its lines are missing"
    return None if one.state is not None else "its month was never opened"


def _misbooked(one: JournalLook) -> str | None:
    return None if one.booked_fits else "booked neither in its month nor as concerning it"


def _late_journal(one: JournalLook) -> str | None:
    return None if one.in_time else "posted after the month was sealed"


def _bad_batch(one: BatchLook) -> str | None:
    if not one.is_known:
        return "the batch that journals name is missing"
    if not one.rows_fit:
        return "it has not as many lines as it says"
    if not one.digest_fits:
        return "its lines are not those of its digest"
    return None if one.time_fits else "a journal of it was posted at another moment than it was"


def _off_limit(one: LimitLook) -> str | None:
    if not one.granted_fits:
        return "its slices hold not what was granted from the budget"
    return None if one.used_fits else "its slices count not as much used as was drawn"


def _paper(one: PaperLook) -> str | None:
    return one.told or None


INVARIANTS: tuple[Invariant, ...] = (
    *LINE_INVARIANTS,
    *HOLD_INVARIANTS,
    *VOUCHER_INVARIANTS,
    *EXCHANGE_INVARIANTS,
    Invariant("a foreign slice is settled once, an own one never", lambda e: e.slices, _unsettled),
    Invariant("money goes from issuer to redeemer and is the slice's worth", lambda e: e.slices, _missettled),
    Invariant("a slice pays what it is worth at the pinned rate", lambda e: e.slices, _mispriced),
    Invariant("an exchange gives the value it took", lambda e: e.exchanges, _crooked_exchange),
    Invariant("points left of a lot are the sum of its lines", lambda e: e.lots, _lot_off),
    Invariant("a lot is open while points are left", lambda e: e.lots, _lot_shut),
    Invariant("a lot has a wallet", lambda e: e.lots, _lot_orphan),
    Invariant("a wallet holds what its lots hold", lambda e: e.wallets, _differs),
    Invariant("every asset sums to zero, and clearing does", lambda e: e.sums, _unbalanced),
    Invariant("a receipt with points has one journal", lambda e: e.receipts, _bad_receipt),
    Invariant("a receipt's points are those of its terms", lambda e: e.terms, _paper),
    Invariant("a campaign's budget counts the bonuses it gave", lambda e: e.bonuses, _paper),
    Invariant("a redemption pays what its slices pay", lambda e: e.redemptions, _bad_redemption),
    Invariant("what is told apart by its number has the name of that", lambda e: e.names, _paper),
    Invariant("points expire at their end, or once a hold lets them go", lambda e: e.expiries, _paper),
    *CHECK_IN_INVARIANTS,
    *ADJUSTMENT_INVARIANTS,
    *GIFT_INVARIANTS,
    *OPENING_INVARIANTS,
    *DOUBT_INVARIANTS,
    *REFUND_INVARIANTS,
    *RETURN_INVARIANTS,
    Invariant("a journal has month, holder and lines", lambda e: e.journals, _bad_journal),
    Invariant("a journal is booked where it belongs", lambda e: e.journals, _misbooked),
    Invariant("nothing is posted into a sealed month", lambda e: e.journals, _late_journal),
    Invariant("a batch has its lines under its digest", lambda e: e.batches, _bad_batch),
    Invariant("a snapshot's lots follow from the one before", lambda e: e.snapshot_lots, _differs),
    Invariant("a snapshot's accounts follow from the one before", lambda e: e.snapshot_accounts, _differs),
    Invariant("a snapshot has its digest", lambda e: e.digests, _paper),
    Invariant("a sealed month refuses every change", lambda e: e.locks, _paper),
    Invariant("nets and statements are what the journals fold to", lambda e: e.statements, _paper),
    Invariant("a holder's version counts the holder's journals", lambda e: e.holders, _differs),
    Invariant("a holder's last batch is not before its journals'", lambda e: e.holders, _behind),
    Invariant("a limit counts what was drawn", lambda e: e.limits, _off_limit),
    Invariant("whatever is kept can be read", lambda e: e.unread, _paper),
)


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Judge all evidence by every invariant and name each row that breaks one."""
    for invariant in INVARIANTS:
        for look in invariant.over(evidence):
            told = invariant.broken(look)
            if told is not None:
                yield Finding(invariant.name, _named(look), told)


def _named(look: Look) -> str:
    if look.rows == 1 or isinstance(look, PaperLook):
        return look.example
    return f"{look.example} and {look.rows - 1} like it"


def checked(evidence: Evidence) -> dict[str, int]:
    """Tell over how many rows each invariant was judged; those without rows are left out."""
    counted = {one.name: sum(look.rows for look in one.over(evidence)) for one in INVARIANTS}
    return {name: rows for name, rows in counted.items() if rows}
