"""Evidence: rows that look alike are one look, with how many they are and one of them by name.

So a check says over how many rows it held, and names the row that breaks it. Refuses to read and to judge:
queries gather, invariants judge.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Look:
    """Rows that look alike: how many, and one of them by name."""

    rows: int
    example: str


@dataclass(frozen=True, slots=True)
class LineLook(Look):
    """Transfers: journal's kind, roles of both ends (`stranger`: not the wallet of the line's lot), cause.

    `lot` is none, known or lost (no such lot, or another asset); `cause` none, same lot, other lot or lost.
    """

    kind: str | None
    is_money: bool
    from_role: str
    to_role: str
    lot: str
    cause: str
    pays: bool
    moves: bool
    units_fit: bool
    points_fit: bool


@dataclass(frozen=True, slots=True)
class SliceLook(Look):
    """Redeemed lines beside the lines of money that name them as cause; either may be missing."""

    is_slice: bool
    is_foreign: bool
    settlements: int
    amount_fits: bool
    units_fit: bool
    worth_fits: bool


@dataclass(frozen=True, slots=True)
class ExchangeLook(Look):
    """Points into the exchange account beside the group points that came out for them."""

    is_whole: bool
    value_fits: bool
    lineage_fits: bool


@dataclass(frozen=True, slots=True)
class WishLook(Look):
    """Exchanges by wish beside their journals, the rules of then, and the arithmetic said again."""

    is_kept: bool
    is_booked: bool
    balances: bool
    figures_fit: bool
    rates_fit: bool
    worked_fits: bool
    fits: bool
    answer_fits: bool


@dataclass(frozen=True, slots=True)
class TurnLook(Look):
    """Lots that were taken by an exchange beside the lots that came of them."""

    is_caused: bool
    worth_fits: bool
    given_fits: bool
    lineage_fits: bool


@dataclass(frozen=True, slots=True)
class DrawLook(Look):
    """Draws beside what they were for."""

    fits: bool


@dataclass(frozen=True, slots=True)
class LotLook(Look):
    """Lots: what is left less the sum of their lines, whether open while points are left, whose they are."""

    is_known: bool
    difference: int
    open_fits: bool
    has_wallet: bool


@dataclass(frozen=True, slots=True)
class BalanceLook(Look):
    """Two ways to the same number, and by how much they differ."""

    difference: int


@dataclass(frozen=True, slots=True)
class HolderLook(BalanceLook):
    """Holders: version beside the count of journals, and whether a journal is of a later batch than they."""

    is_behind: bool


@dataclass(frozen=True, slots=True)
class SumLook(Look):
    """The sum of an asset over a set of accounts."""

    accounts: str
    asset: str
    total: int


@dataclass(frozen=True, slots=True)
class ReceiptLook(Look):
    """Receipts beside the journals that earned for them."""

    is_kept: bool
    is_booked: bool
    earns: bool
    fits: bool
    answer_fits: bool


@dataclass(frozen=True, slots=True)
class RedemptionLook(Look):
    """Redemptions beside their journals."""

    is_kept: bool
    is_booked: bool
    paid_fits: bool
    change_fits: bool
    fits: bool
    answer_fits: bool


@dataclass(frozen=True, slots=True)
class ActLook(Look):
    """What was kept of an act (a check-in, a grant, a gift) beside the journals of its kind; either may lack.

    `fits`: they say the same; `rule_fits`: the act is as its own rule wants it.
    """

    is_kept: bool
    is_booked: bool
    fits: bool
    rule_fits: bool


@dataclass(frozen=True, slots=True)
class RefundLook(Look):
    """Refunds beside their journals and the redemption that they reverse."""

    is_kept: bool
    is_booked: bool
    amount_fits: bool
    fits: bool
    within_paid: bool
    answer_fits: bool


@dataclass(frozen=True, slots=True)
class ReversalLook(Look):
    """Lines of refunds beside the redeemed lines that they name."""

    is_paired: bool
    lot_fits: bool
    worth_fits: bool
    within_worth: bool


@dataclass(frozen=True, slots=True)
class HoldLook(Look):
    """Holds beside their journals, their slices and what was captured of them."""

    is_kept: bool
    is_booked: bool
    slices_fit: bool
    state_fits: bool
    covers: bool
    captures_fit: bool
    end_fits: bool
    fits: bool
    answer_fits: bool


@dataclass(frozen=True, slots=True)
class VoucherLook(Look):
    """Vouchers beside hold, capture, errand, coupon, offer and what came back of them.

    `is_kept` is not where only a hold is left.
    """

    is_kept: bool
    is_booked: bool
    fits: bool
    end_fits: bool
    is_asked: bool
    code_fits: bool
    offer_fits: bool
    back_fits: bool


@dataclass(frozen=True, slots=True)
class VoidingLook(Look):
    """Voidings beside their voucher, errand and refund; `is_kept` is not where only an errand is left."""

    is_kept: bool
    fits: bool
    is_asked: bool
    refund_fits: bool


@dataclass(frozen=True, slots=True)
class ReturnLook(Look):
    """Returns beside their receipts' terms and their journals."""

    is_kept: bool
    is_booked: bool
    fits: bool
    points_fit: bool
    debt_fits: bool
    owner_fits: bool
    answer_fits: bool

    @property
    def is_sound(self) -> bool:
        """Tell whether nothing differs."""
        placed = self.is_kept and self.is_booked and self.fits
        return placed and self.points_fit and self.debt_fits and self.owner_fits and self.answer_fits


@dataclass(frozen=True, slots=True)
class RepaymentLook(Look):
    """What new points paid beside the line of money that made a debt smaller."""

    amount_fits: bool
    units_fit: bool


@dataclass(frozen=True, slots=True)
class JournalLook(Look):
    """Journals: the month's state, the holder, the lines, the right month, posted before the seal."""

    state: str | None
    has_holder: bool
    has_lines: bool
    booked_fits: bool
    in_time: bool


@dataclass(frozen=True, slots=True)
class BatchLook(Look):
    """Batches as their journals name them: known, with as many lines, under that digest, at that moment."""

    is_known: bool
    rows_fit: bool
    digest_fits: bool
    time_fits: bool


@dataclass(frozen=True, slots=True)
class LimitLook(Look):
    """Windows of limits: whether slices hold what was granted, and count what was drawn."""

    granted_fits: bool
    used_fits: bool


@dataclass(frozen=True, slots=True)
class PaperLook(Look):
    """What was kept of a sealed month and what is found; `told` says what differs, or is empty."""

    told: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that one round of checks looks at; what was not gathered is empty and counts no rows."""

    lines: Sequence[LineLook] = ()
    slices: Sequence[SliceLook] = ()
    exchanges: Sequence[ExchangeLook] = ()
    lots: Sequence[LotLook] = ()
    wallets: Sequence[BalanceLook] = ()
    sums: Sequence[SumLook] = ()
    receipts: Sequence[ReceiptLook] = ()
    terms: Sequence[PaperLook] = ()
    bonuses: Sequence[PaperLook] = ()
    redemptions: Sequence[RedemptionLook] = ()
    names: Sequence[PaperLook] = ()
    holds: Sequence[HoldLook] = ()
    expiries: Sequence[PaperLook] = ()
    vouchers: Sequence[VoucherLook] = ()
    voidings: Sequence[VoidingLook] = ()
    check_ins: Sequence[ActLook] = ()
    adjustments: Sequence[ActLook] = ()
    refunds: Sequence[RefundLook] = ()
    reversals: Sequence[ReversalLook] = ()
    gifts: Sequence[ActLook] = ()
    openings: Sequence[ActLook] = ()
    sheets: Sequence[BalanceLook] = ()
    doubts: Sequence[ActLook] = ()
    returns: Sequence[ReturnLook] = ()
    repayments: Sequence[RepaymentLook] = ()
    journals: Sequence[JournalLook] = ()
    batches: Sequence[BatchLook] = ()
    snapshot_lots: Sequence[BalanceLook] = ()
    snapshot_accounts: Sequence[BalanceLook] = ()
    digests: Sequence[PaperLook] = ()
    locks: Sequence[PaperLook] = ()
    statements: Sequence[PaperLook] = ()
    holders: Sequence[HolderLook] = ()
    limits: Sequence[LimitLook] = ()
    wishes: Sequence[WishLook] = ()
    turns: Sequence[TurnLook] = ()
    shares: Sequence[BalanceLook] = ()
    draws: Sequence[DrawLook] = ()
    unread: Sequence[PaperLook] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A row that breaks an invariant, and how."""

    invariant: str
    row: str
    told: str


@dataclass(frozen=True, slots=True)
class Invariant:
    """A named check: which looks it judges, and what it says of one that breaks it (None: it holds)."""

    name: str
    over: Callable[[Evidence], Sequence[Look]]
    broken: Callable[[Any], str | None]
