"""What must hold in the books, as a list of named checks over evidence.

Evidence is small: rows that look alike are one look, with how many they are and one of them by name. So a
check says over how many rows it held, and names the row that breaks it. Refuses to read: queries gather.
"""

from collections.abc import Callable, Iterator, Sequence
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
class JournalLook(Look):
    """Journals: the month's state, the holder, the lines, the right month, posted before the seal."""

    state: str | None
    has_holder: bool
    has_lines: bool
    booked_fits: bool
    in_time: bool


@dataclass(frozen=True, slots=True)
class BatchLook(Look):
    """Batches as their journals name them: known, with as many lines as they say, under their digest."""

    is_known: bool
    rows_fit: bool
    digest_fits: bool


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
    redemptions: Sequence[RedemptionLook] = ()
    journals: Sequence[JournalLook] = ()
    batches: Sequence[BatchLook] = ()
    snapshot_lots: Sequence[BalanceLook] = ()
    snapshot_accounts: Sequence[BalanceLook] = ()
    digests: Sequence[PaperLook] = ()
    locks: Sequence[PaperLook] = ()
    statements: Sequence[PaperLook] = ()
    holders: Sequence[BalanceLook] = ()


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


SHAPES = frozenset(
    {
        ("earning", "issued", "wallet", "none"),
        ("redemption", "wallet", "redeemed", "none"),
        ("redemption", "wallet", "redeemed", "same lot"),
        ("redemption", "wallet", "exchange", "none"),
        ("redemption", "exchange", "wallet", "other lot"),
        ("redemption", "clearing", "clearing", "other lot"),
        ("expiry", "wallet", "expired", "none"),
    }
)
"""Kind of journal, from, to, cause: every way in which value may move."""


def _orphan_line(one: LineLook) -> str | None:
    return "its journal is missing" if one.kind is None else None


def _still_line(one: LineLook) -> str | None:
    return None if one.moves else "it moves nothing from one account to another"


def _shapeless_line(one: LineLook) -> str | None:
    if one.kind is None:
        return None
    if (one.kind, one.from_role, one.to_role, one.cause) not in SHAPES:
        return f"{one.kind}: {one.from_role} to {one.to_role}, cause {one.cause}"
    if one.is_money != (one.from_role == "clearing"):
        return "money moves between clearing accounts, points elsewhere"
    if one.pays != (one.to_role == "redeemed"):
        return "a worth stands on redeemed lines alone"
    return None


def _lotless_line(one: LineLook) -> str | None:
    if "stranger" in (one.from_role, one.to_role):
        return "the account is not the wallet of the line's lot"
    if one.lot != ("none" if one.is_money else "known"):
        return f"the lot is {one.lot}"
    return None


def _misplaced_line(one: LineLook) -> str | None:
    return None if one.units_fit else "the account's unit is not the lot's issuer, or not the journal's unit"


def _ill_begun_lot(one: LineLook) -> str | None:
    return None if one.points_fit else "the lot did not begin with what this line brought"


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


def _unbalanced(one: SumLook) -> str | None:
    return None if one.total == 0 else f"{one.asset} sums to {one.total} over {one.accounts} accounts"


def _bad_receipt(one: ReceiptLook) -> str | None:
    if not one.is_kept:
        return "a journal earned for a receipt that is not kept in its month"
    if one.earns != one.is_booked:
        return "points without a journal" if one.earns else "a journal without points"
    if not one.fits:
        return "unit, wallet, time or points are not those of its journal"
    return None if one.answer_fits else "it was answered otherwise, or its lot's dates are others"


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
    return None if one.digest_fits else "its lines are not those of its digest"


def _paper(one: PaperLook) -> str | None:
    return one.told or None


INVARIANTS: tuple[Invariant, ...] = (
    Invariant("a line belongs to a journal", lambda e: e.lines, _orphan_line),
    Invariant("a line moves more than nothing between two accounts", lambda e: e.lines, _still_line),
    Invariant("a line has a lawful shape", lambda e: e.lines, _shapeless_line),
    Invariant("a wallet's line names one lot of that wallet", lambda e: e.lines, _lotless_line),
    Invariant("a line's accounts are those of issuer and unit", lambda e: e.lines, _misplaced_line),
    Invariant("a lot begins with what its line brought", lambda e: e.lines, _ill_begun_lot),
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
    Invariant("a redemption pays what its slices pay", lambda e: e.redemptions, _bad_redemption),
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
