"""What each change does to the books of its batch. Refuses to save: the store does, from the changes kept."""

from collections.abc import Mapping
from dataclasses import replace

from services.points.domain import changes as c
from services.points.domain.account import held_account
from services.points.domain.adjustment import AdjustmentAsked, AdjustmentDecided
from services.points.domain.assessment import day_earning_of
from services.points.domain.books import Effect, LedgerBooks
from services.points.domain.campaign import CampaignAlerted
from services.points.domain.check_in import CheckInKept, LastCheckIn
from services.points.domain.debt import DebtTurned
from services.points.domain.doubt import DoubtHalfAccepted, DoubtRaised, DoubtTurned, Source
from services.points.domain.draft import Draft
from services.points.domain.gift import GiftDay, GiftGiven, GiftPrepared
from services.points.domain.hold import HoldPlaced, HoldTurned, KnownHold
from services.points.domain.limit import LimitDrawn
from services.points.domain.opening import (
    KnownOpening,
    OpeningKept,
    SheetAnnounced,
    SheetApproved,
    SheetTaken,
)
from services.points.domain.pair import PairAlerted
from services.points.domain.pay_code import Guesser, PayCode
from services.points.domain.quote import ExchangeKept
from services.points.domain.rulebook import merged
from services.points.domain.sale import ReturnKept
from services.points.domain.voiding import VoidingAsked, VoidingSettled
from services.points.domain.voucher import VoucherAsked, VoucherSettled
from services.points.domain.wallet import Wallet

LETTING_GO = frozenset({"capture", "release"})
"""The journals in which points leave a hold for the wallet they came from."""


def _turn_holder(books: LedgerBooks, change: c.HolderTurned) -> None:
    books.holders[change.holder_id] = change.version


def _put_lot(books: LedgerBooks, change: c.LotOpened | c.LotDrawn) -> None:
    books.lots.setdefault(change.lot.wallet_id, {})[change.lot.id] = change.lot


def _keep_receipt(books: LedgerBooks, change: c.ReceiptKept) -> None:
    books.receipts[change.name] = change
    if change.capped_on is not None and change.points:
        earned = day_earning_of(
            books.rulebook, change.unit, change.store, change.points, change.terms, change.purchased_at
        )
        books.day_earnings.setdefault((change.wallet_id, change.capped_on), []).append(earned)


def _alert_campaign(books: LedgerBooks, change: CampaignAlerted) -> None:
    books.alerted.add(change.budget)


def _alert_pair(books: LedgerBooks, change: PairAlerted) -> None:
    books.alerted_pairs.add(change.pair.name)


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


def _place_hold(books: LedgerBooks, change: HoldPlaced) -> None:
    hold = change.hold
    books.holds[hold.id] = hold
    books.order_holds[hold.name] = KnownHold(hold.holder_id, hold.terms, change.answer)


def _turn_hold(books: LedgerBooks, change: HoldTurned) -> None:
    hold = change.hold
    books.holds[hold.id] = hold
    if not hold.binds_order:
        books.order_holds.pop(hold.name, None)


def _put_voucher(books: LedgerBooks, change: VoucherAsked | VoucherSettled) -> None:
    books.vouchers[change.voucher.id] = change.voucher
    if isinstance(change, VoucherAsked):
        day = (change.holder_id, change.voucher.offer)
        books.voucher_days[day] = books.voucher_days.get(day, 0) + 1
    elif change.coupon is not None:
        books.coupons.add(change.coupon.digest)


def _put_voiding(books: LedgerBooks, change: VoidingAsked | VoidingSettled) -> None:
    voiding = change.voiding
    books.voidings.setdefault(voiding.voucher_id, {})[voiding.id] = voiding


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


def _put_doubt(books: LedgerBooks, change: DoubtRaised | DoubtTurned | DoubtHalfAccepted) -> None:
    doubt = change.doubt
    books.doubts.setdefault(doubt.name, {})[doubt.id] = doubt
    if isinstance(change, DoubtRaised) and doubt.source is Source.PHOTO:
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
    # An order names its holder, no wallet: whoever keeps another one keeps the orders.
    if not books.held[wallet.holder_id]:
        _hand_over_orders(books, wallet.holder_id, change.holder_id)


def _hand_over_orders(books: LedgerBooks, before: str, now: str) -> None:
    """Let a repeat behind the link find its order: what the number paid or holds is the member's by now."""
    for name, paid in books.redemptions.items():
        if paid.holder_id == before:
            books.redemptions[name] = c.KnownRedemption(now, paid.terms, paid.answer)
    for name, held in books.order_holds.items():
        if held.holder_id == before:
            books.order_holds[name] = replace(held, holder_id=now)


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


def _post_journal(books: LedgerBooks, change: c.JournalPosted) -> None:
    books.journals_exist = True
    journal = change.journal
    if journal.kind in LETTING_GO:
        for line in journal.transfers:
            if line.lot_id is not None and line.from_account == held_account(line.to_account):
                moments = books.let_go.setdefault(line.lot_id, {})
                moments[journal.occurred_at] = moments.get(journal.occurred_at, 0) + line.amount


EFFECTS: Mapping[type, Effect] = {
    c.HolderTurned: _turn_holder,
    c.LotOpened: _put_lot,
    c.LotDrawn: _put_lot,
    c.ReceiptKept: _keep_receipt,
    c.TierKept: _keep_tier,
    CampaignAlerted: _alert_campaign,
    PairAlerted: _alert_pair,
    c.RedemptionKept: _keep_redemption,
    CheckInKept: _keep_check_in,
    AdjustmentAsked: _put_adjustment,
    AdjustmentDecided: _put_adjustment,
    c.RefundKept: _keep_refund,
    GiftPrepared: _prepare_gift,
    GiftGiven: _give,
    HoldPlaced: _place_hold,
    HoldTurned: _turn_hold,
    VoucherAsked: _put_voucher,
    VoucherSettled: _put_voucher,
    VoidingAsked: _put_voiding,
    VoidingSettled: _put_voiding,
    PayCode: _keep_pay_code,
    Guesser: _count_guess,
    SheetAnnounced: _put_sheet,
    SheetTaken: _put_sheet,
    SheetApproved: _approve_sheet,
    OpeningKept: _keep_opening,
    DoubtRaised: _put_doubt,
    DoubtTurned: _put_doubt,
    DoubtHalfAccepted: _put_doubt,
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
