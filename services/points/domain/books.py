"""The books of one batch: what was loaded, frozen for the decisions, changed only by the desk."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from services.points.domain import changes as c
from services.points.domain.account import Accounts
from services.points.domain.adjustment import Adjustment
from services.points.domain.cap import DayEarning
from services.points.domain.check_in import LastCheckIn
from services.points.domain.debt import Debt
from services.points.domain.doubt import Doubt
from services.points.domain.draft import Draft
from services.points.domain.gift import NO_GIFTS, Gift, GiftDay
from services.points.domain.hold import Hold, KnownHold
from services.points.domain.limit import Share
from services.points.domain.lot import Lot
from services.points.domain.month import MonthState
from services.points.domain.opening import KnownOpening, Sheet
from services.points.domain.pay_code import Guesser, PayCode
from services.points.domain.quote import Quote
from services.points.domain.refund import Payment
from services.points.domain.rulebook import Rulebook
from services.points.domain.sale import KnownReturn, ReturnKept, Sale
from services.points.domain.voiding import Voiding
from services.points.domain.voucher import Voucher
from services.points.domain.wallet import Wallet
from shared.kernel.calendar import day_of
from shared.kernel.command import Row

Effect = Callable[["LedgerBooks", Any], None]
"""What a change of one kind does to the books, for the commands that follow in the batch."""


@dataclass(slots=True)
class LedgerBooks:
    """Facts of one batch. Decisions read them and return changes; `apply` is the desk's alone."""

    now: datetime
    batch_id: int
    rulebook: Rulebook
    accounts: Accounts
    months: dict[date, MonthState]
    effects: Mapping[type, Effect]
    wallets: dict[str, Wallet] = field(default_factory=dict)
    held: dict[str, dict[str, Wallet]] = field(default_factory=dict)
    holders: dict[str, int] = field(default_factory=dict)
    lots: dict[str, dict[str, Lot]] = field(default_factory=dict)
    receipts: dict[str, c.ReceiptKept | c.KnownReceipt] = field(default_factory=dict)
    redemptions: dict[str, c.RedemptionKept | c.KnownRedemption] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    refunds: dict[str, c.RefundKept | c.KnownRefund] = field(default_factory=dict)
    sales: dict[Row, Sale] = field(default_factory=dict)
    returns: dict[str, ReturnKept | KnownReturn] = field(default_factory=dict)
    debts: dict[tuple[str, str], Debt] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    order_holds: dict[str, KnownHold] = field(default_factory=dict)
    let_go: dict[str, dict[datetime, int]] = field(default_factory=dict)
    pay_codes: dict[str, PayCode] = field(default_factory=dict)
    guessers: dict[str, Guesser] = field(default_factory=dict)
    drafts: dict[str, Draft] = field(default_factory=dict)
    clients: dict[str, c.ClientKept] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)
    check_ins: dict[str, LastCheckIn] = field(default_factory=dict)
    adjustments: dict[str, Adjustment] = field(default_factory=dict)
    gifts: dict[str, Gift] = field(default_factory=dict)
    gift_days: dict[str, GiftDay] = field(default_factory=dict)
    vouchers: dict[str, Voucher] = field(default_factory=dict)
    voucher_days: dict[tuple[str, str], int] = field(default_factory=dict)
    coupons: set[str] = field(default_factory=set)
    voidings: dict[str, dict[str, Voiding]] = field(default_factory=dict)
    sheets: dict[str, Sheet] = field(default_factory=dict)
    openings: dict[str, KnownOpening] = field(default_factory=dict)
    doubts: dict[str, dict[str, Doubt]] = field(default_factory=dict)
    claims: dict[str, int] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    rule_counts: dict[tuple[str, str], int] = field(default_factory=dict)
    stated: set[date] = field(default_factory=set)
    named: dict[Row, tuple[str, ...]] = field(default_factory=dict)
    limits: dict[str, Share] = field(default_factory=dict)
    day_earnings: dict[tuple[str, date], list[DayEarning]] = field(default_factory=dict)
    tiers: dict[str, list[tuple[datetime, int, int]]] = field(default_factory=dict)
    quotes: dict[str, Quote] = field(default_factory=dict)
    exchanges: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    exchanged: dict[tuple[str, date], int] = field(default_factory=dict)
    alerted: set[str] = field(default_factory=set)
    alerted_pairs: set[str] = field(default_factory=set)
    journals_exist: bool = False
    applied: list[Any] = field(default_factory=list)

    def wallet(self, identity: str) -> Wallet:
        """Give the wallet of an identity the command has named in its needs."""
        return self.wallets[identity]

    def wallets_of(self, holder_id: str) -> list[Wallet]:
        """Give every wallet that points to the holder."""
        return list(self.held.get(holder_id, {}).values())

    def lots_of(self, holder_id: str) -> list[Lot]:
        """Give every lot of the holder that was loaded, over all wallets; those without points among them."""
        return [lot for wallet in self.wallets_of(holder_id) for lot in self.lots.get(wallet.id, {}).values()]

    def identities_of(self, noun: str, id_: str) -> tuple[str, ...]:
        """Give the identities behind a row that the command has named; none if there is no such row."""
        return self.named.get((noun, id_), ())

    def day_earnings_of(self, holder_id: str, at: datetime) -> list[DayEarning]:
        """Give what the holder's receipts of that business day earned, as far as caps had it loaded."""
        if not self.day_earnings:
            return []
        day = day_of(at)
        return [
            one
            for wallet in self.wallets_of(holder_id)
            for one in self.day_earnings.get((wallet.id, day), ())
        ]

    def tier_of(self, holder_id: str, at: datetime) -> int:
        """Give the holder's tier at that moment: 0 for whoever is no member, or where no rule asks for it."""
        if not self.tiers:
            return 0
        told = (self.tiers.get(wallet.identity, ()) for wallet in self.wallets_of(holder_id))
        return max(
            (max((one for one in story if one[0] <= at), default=(at, 0, 0))[2] for story in told), default=0
        )

    def gift_day(self, holder_id: str) -> GiftDay:
        """Give what a holder has begun and given on the batch's business day."""
        return self.gift_days.get(holder_id, NO_GIFTS)

    def find_hold(self, hold_id: str) -> Hold | None:
        """Give a hold that was there when the command named it, so that its holder is locked, or None."""
        return self.holds.get(hold_id) if self.identities_of("hold", hold_id) else None

    def wallets_behind(self, hold: Hold) -> list[Wallet]:
        """Give the wallets behind a hold that the command has named: whom it is for, whose points it has."""
        return [self.wallets[identity] for identity in self.identities_of("hold", hold.id)]

    def lots_on_hold(self, hold: Hold) -> dict[str, Lot]:
        """Give the lots of a hold that the command has named, by id, as they are in their wallets."""
        wanted = {one.lot_id for one in hold.slices}
        return {
            id_: lot
            for wallet in self.wallets_behind(hold)
            for id_, lot in self.lots.get(wallet.id, {}).items()
            if id_ in wanted
        }

    def doubts_of(self, name: str) -> list[Doubt]:
        """Give all that was told about a receipt beside its own row, oldest first."""
        return sorted(self.doubts.get(name, {}).values(), key=lambda doubt: doubt.id)

    def voidings_of(self, voucher_id: str) -> Mapping[str, Voiding]:
        """Give every voiding that was asked for a voucher the command has named, by id."""
        return self.voidings.get(voucher_id, {})

    def owner_of(self, wallet_id: str) -> str | None:
        """Give who holds a wallet now, as far as the batch knows."""
        for holder_id, wallets in self.held.items():
            if wallet_id in wallets:
                return holder_id
        return self.owners.get(wallet_id)

    def told_same(self, known: c.ReceiptKept | c.KnownReceipt, holder_id: str, amount_fen: int) -> bool:
        """Tell whether a known receipt is this person's purchase of that amount, whichever wallet earned."""
        return known.amount_fen == amount_fen and self.owner_of(known.wallet_id) == holder_id

    def debt(self, wallet_id: str, issuer: str) -> Debt:
        """Give what a wallet owes an issuer; where nothing was ever owed, an account with nothing on it."""
        return self.debts[wallet_id, issuer]

    def debts_of(self, holder_id: str) -> list[Debt]:
        """Give everything the holder owes, over all wallets, oldest account first."""
        owing = {wallet.id for wallet in self.wallets_of(holder_id)} if self.debts else set()
        found = (one for one in self.debts.values() if one.fen and one.wallet_id in owing)
        return sorted(found, key=lambda one: one.account)

    def next_version(self, kind: str, subject: str) -> int:
        """Give the version number that the next draft of this kind and subject gets."""
        return self.rule_counts.get((kind, subject), 0) + 1

    def apply(self, changes: Iterable[Any]) -> None:
        """Carry out the changes for the commands that follow in this batch, and keep them to be saved."""
        for change in changes:
            effect = self.effects.get(type(change))
            if effect is not None:
                effect(self, change)
            self.applied.append(change)
