"""The books of one batch: what was loaded, frozen for the decisions, changed only by the desk."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from services.points.domain import changes as c
from services.points.domain.account import Accounts
from services.points.domain.adjustment import Adjustment, AdjustmentAsked, AdjustmentDecided
from services.points.domain.assessment import taking_of
from services.points.domain.campaign import CampaignAlerted
from services.points.domain.cap import Taking
from services.points.domain.check_in import CheckInKept, LastCheckIn
from services.points.domain.debt import Debt, DebtTurned
from services.points.domain.doubt import Doubt, Source
from services.points.domain.gift import NO_GIFTS, Gift, GiftDay, GiftGiven, GiftPrepared
from services.points.domain.hold import Hold
from services.points.domain.limit import LimitDrawn, Share
from services.points.domain.lot import Lot
from services.points.domain.month import MonthState
from services.points.domain.opening import (
    KnownOpening,
    OpeningKept,
    Sheet,
    SheetAnnounced,
    SheetApproved,
    SheetTaken,
)
from services.points.domain.pay_code import Guesser, PayCode
from services.points.domain.quote import ExchangeKept, Quote
from services.points.domain.refund import Payment
from services.points.domain.rulebook import Rulebook, RuleVersion, merged
from services.points.domain.sale import KnownReturn, ReturnKept, Sale
from services.points.domain.voucher import Voucher, VoucherAsked, VoucherSettled
from shared.kernel.calendar import day_of
from shared.kernel.command import Row
from shared.kernel.swift import swift


@swift
@dataclass(frozen=True, slots=True)
class Wallet:
    """A wallet of one identity (a unit's member number `hotel:17`, or a `mem_…` id), and who holds it now."""

    id: str
    identity: str
    holder_id: str
    account: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule version that waits for approval, or has it."""

    id: str
    version: RuleVersion
    drafted_by: str
    approved_by: str | None


@dataclass(slots=True)
class LedgerBooks:
    """Facts of one batch. Decisions read them and return changes; `apply` is the desk's alone."""

    now: datetime
    batch_id: int
    rulebook: Rulebook
    accounts: Accounts
    months: dict[date, MonthState]
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
    order_holds: dict[str, c.KnownHold] = field(default_factory=dict)
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
    sheets: dict[str, Sheet] = field(default_factory=dict)
    openings: dict[str, KnownOpening] = field(default_factory=dict)
    doubts: dict[str, dict[str, Doubt]] = field(default_factory=dict)
    claims: dict[str, int] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    rule_counts: dict[tuple[str, str], int] = field(default_factory=dict)
    stated: set[date] = field(default_factory=set)
    named: dict[Row, tuple[str, ...]] = field(default_factory=dict)
    limits: dict[str, Share] = field(default_factory=dict)
    takings: dict[tuple[str, date], list[Taking]] = field(default_factory=dict)
    tiers: dict[str, list[tuple[datetime, int, int]]] = field(default_factory=dict)
    quotes: dict[str, Quote] = field(default_factory=dict)
    exchanges: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    exchanged: dict[tuple[str, date], int] = field(default_factory=dict)
    alerted: set[str] = field(default_factory=set)
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

    def takings_of(self, holder_id: str, at: datetime) -> list[Taking]:
        """Give what the holder's receipts of that business day earned, as far as caps had it loaded."""
        if not self.takings:
            return []
        day = day_of(at)
        return [
            one for wallet in self.wallets_of(holder_id) for one in self.takings.get((wallet.id, day), ())
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
            effect = _EFFECTS.get(type(change))
            if effect is not None:
                effect(self, change)
            self.applied.append(change)


def _turn_holder(books: LedgerBooks, change: c.HolderTurned) -> None:
    books.holders[change.holder_id] = change.version


def _put_lot(books: LedgerBooks, change: c.LotOpened | c.LotDrawn) -> None:
    books.lots.setdefault(change.lot.wallet_id, {})[change.lot.id] = change.lot


def _keep_receipt(books: LedgerBooks, change: c.ReceiptKept) -> None:
    books.receipts[change.name] = change
    if change.capped_on is not None and change.points:
        taking = taking_of(
            books.rulebook, change.unit, change.store, change.points, change.terms, change.purchased_at
        )
        books.takings.setdefault((change.wallet_id, change.capped_on), []).append(taking)


def _alert_campaign(books: LedgerBooks, change: CampaignAlerted) -> None:
    books.alerted.add(change.budget)


def _keep_tier(books: LedgerBooks, change: c.TierKept) -> None:
    books.tiers.setdefault(change.member, []).append((change.since, change.seq, change.tier))


def _keep_redemption(books: LedgerBooks, change: c.RedemptionKept) -> None:
    books.redemptions[change.name] = change


def _keep_check_in(books: LedgerBooks, change: CheckInKept) -> None:
    books.check_ins[change.wallet_id] = LastCheckIn(change.day, change.streak, change.answer)


def _put_adjustment(books: LedgerBooks, change: AdjustmentAsked | AdjustmentDecided) -> None:
    books.adjustments[change.adjustment.id] = change.adjustment


def _keep_refund(books: LedgerBooks, change: c.RefundKept) -> None:
    books.refunds[change.name] = change
    payment = books.payments[change.redemption_id]
    books.payments[payment.id] = payment.with_refund(change.amount_fen)


def _prepare_gift(books: LedgerBooks, change: GiftPrepared) -> None:
    books.gifts[change.gift.id] = change.gift
    day = books.gift_day(change.holder_id)
    books.gift_days[change.holder_id] = GiftDay(day.begun + 1, day.given_fen)


def _give(books: LedgerBooks, change: GiftGiven) -> None:
    books.gifts[change.gift.id] = replace(change.gift, given=change.answer)
    day = books.gift_day(change.holder_id)
    books.gift_days[change.holder_id] = GiftDay(day.begun, day.given_fen + change.gift.worth_fen)


def _place_hold(books: LedgerBooks, change: c.HoldPlaced) -> None:
    hold = change.hold
    books.holds[hold.id] = hold
    books.order_holds[hold.name] = c.KnownHold(hold.holder_id, hold.terms, change.answer)


def _turn_hold(books: LedgerBooks, change: c.HoldTurned) -> None:
    hold = change.hold
    books.holds[hold.id] = hold
    if not hold.binds_order:
        books.order_holds.pop(hold.name, None)


def _put_voucher(books: LedgerBooks, change: VoucherAsked | VoucherSettled) -> None:
    books.vouchers[change.voucher.id] = change.voucher
    if isinstance(change, VoucherAsked):
        day = (change.holder_id, change.voucher.offer)
        books.voucher_days[day] = books.voucher_days.get(day, 0) + 1


def _keep_pay_code(books: LedgerBooks, change: PayCode) -> None:
    books.pay_codes[change.digest] = change


def _count_guess(books: LedgerBooks, change: Guesser) -> None:
    books.guessers[change.client] = change


def _put_sheet(books: LedgerBooks, change: SheetAnnounced | SheetTaken) -> None:
    books.sheets[change.sheet.id] = change.sheet


def _approve_sheet(books: LedgerBooks, change: SheetApproved) -> None:
    books.sheets[change.id] = replace(books.sheets[change.id], approved_by=change.approved_by)


def _keep_opening(books: LedgerBooks, change: OpeningKept) -> None:
    books.openings[change.name] = KnownOpening(
        change.wallet_id, change.points, change.expires_at, change.answer
    )


def _put_doubt(books: LedgerBooks, change: c.DoubtRaised | c.DoubtDecided) -> None:
    doubt = change.doubt
    books.doubts.setdefault(doubt.name, {})[doubt.id] = doubt
    if isinstance(change, c.DoubtRaised) and doubt.source is Source.PHOTO:
        books.claims[doubt.holder_id] = books.claims.get(doubt.holder_id, 0) + 1


def _keep_return(books: LedgerBooks, change: ReturnKept) -> None:
    books.returns[change.name] = change
    for row, sale in books.sales.items():
        # The same receipt may have been named by id and by its natural name.
        if sale.id == change.receipt_id:
            books.sales[row] = sale.with_part(change.part)


def _turn_debt(books: LedgerBooks, change: DebtTurned) -> None:
    books.debts[change.debt.wallet_id, change.debt.issuer] = change.debt


def _move_wallet(books: LedgerBooks, change: c.WalletMoved) -> None:
    wallet = next(one for one in books.wallets.values() if one.id == change.wallet_id)
    books.held[wallet.holder_id].pop(wallet.id)
    moved = Wallet(wallet.id, wallet.identity, change.holder_id, wallet.account)
    books.wallets[wallet.identity] = moved
    books.held.setdefault(change.holder_id, {})[wallet.id] = moved


def _draft_rule(books: LedgerBooks, change: c.RuleDrafted) -> None:
    books.drafts[change.id] = Draft(change.id, change.version, change.drafted_by, None)
    books.rule_counts[change.version.kind, change.version.subject] = change.version.version


def _approve_rule(books: LedgerBooks, change: c.RuleApproved) -> None:
    draft = books.drafts[change.id]
    books.drafts[change.id] = Draft(change.id, change.version, draft.drafted_by, change.approved_by)
    books.rulebook = merged(books.rulebook, (change.version,))


def _turn_month(books: LedgerBooks, change: c.MonthTurned) -> None:
    books.months[change.month] = change.state


def _state(books: LedgerBooks, change: c.StatementsIssued) -> None:
    books.stated.add(change.month)


def _keep_client(books: LedgerBooks, change: c.ClientKept) -> None:
    books.clients[change.client] = change


def _keep_exchange(books: LedgerBooks, change: ExchangeKept) -> None:
    books.exchanges[change.quote.id] = change.answer
    day = (change.holder_id, change.day)
    books.exchanged[day] = books.exchanged.get(day, 0) + change.quote.worked.value_fen


def _draw_limit(books: LedgerBooks, change: LimitDrawn) -> None:
    books.limits[change.wish.name] = books.limits[change.wish.name].less(change.wish.amount)


def _post_journal(books: LedgerBooks, _: c.JournalPosted) -> None:
    books.journals_exist = True


_EFFECTS: dict[type, Callable[[LedgerBooks, Any], None]] = {
    c.HolderTurned: _turn_holder,
    c.LotOpened: _put_lot,
    c.LotDrawn: _put_lot,
    c.ReceiptKept: _keep_receipt,
    c.TierKept: _keep_tier,
    CampaignAlerted: _alert_campaign,
    c.RedemptionKept: _keep_redemption,
    CheckInKept: _keep_check_in,
    AdjustmentAsked: _put_adjustment,
    AdjustmentDecided: _put_adjustment,
    c.RefundKept: _keep_refund,
    GiftPrepared: _prepare_gift,
    GiftGiven: _give,
    c.HoldPlaced: _place_hold,
    c.HoldTurned: _turn_hold,
    VoucherAsked: _put_voucher,
    VoucherSettled: _put_voucher,
    PayCode: _keep_pay_code,
    Guesser: _count_guess,
    SheetAnnounced: _put_sheet,
    SheetTaken: _put_sheet,
    SheetApproved: _approve_sheet,
    OpeningKept: _keep_opening,
    c.DoubtRaised: _put_doubt,
    c.DoubtDecided: _put_doubt,
    ReturnKept: _keep_return,
    DebtTurned: _turn_debt,
    c.WalletMoved: _move_wallet,
    c.RuleDrafted: _draft_rule,
    c.RuleApproved: _approve_rule,
    c.MonthTurned: _turn_month,
    c.ClientKept: _keep_client,
    c.StatementsIssued: _state,
    c.JournalPosted: _post_journal,
    LimitDrawn: _draw_limit,
    ExchangeKept: _keep_exchange,
}
