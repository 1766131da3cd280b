"""What a decision may change. Refuses to carry anything out: the books apply, the store saves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.points.domain.adjustment import Adjustment
from services.points.domain.amounts import Points
from services.points.domain.doubt import Doubt
from services.points.domain.earning import Terms
from services.points.domain.gift import Gift
from services.points.domain.hold import Hold
from services.points.domain.journal import Journal
from services.points.domain.lot import Lot
from services.points.domain.month import MonthState
from services.points.domain.opening import Sheet
from services.points.domain.quote import Quote
from services.points.domain.rulebook import RuleVersion
from shared.kernel.swift import swift


@swift
@dataclass(frozen=True, slots=True)
class HolderTurned:
    """A holder's version moves on by one: every announcement about the holder carries it."""

    holder_id: str
    version: int


@swift
@dataclass(frozen=True, slots=True)
class JournalPosted:
    """A journal is added to the books."""

    journal: Journal


@swift
@dataclass(frozen=True, slots=True)
class LotOpened:
    """A new lot; `points_left` is already net of what the same decision spent from it."""

    lot: Lot


@swift
@dataclass(frozen=True, slots=True)
class LotDrawn:
    """A lot has fewer points left, or more again: what came back to it."""

    lot: Lot


@swift
@dataclass(frozen=True, slots=True)
class ReceiptKept:
    """A receipt, remembered for ever under its natural name; `capped_on` is its day where caps held."""

    name: str
    id: str
    unit: str
    store: str
    number: str
    wallet_id: str
    amount_fen: int
    purchased_at: datetime
    month: date
    points: int
    answer: Mapping[str, Any]
    terms: Terms
    capped_on: date | None = None


@dataclass(frozen=True, slots=True)
class TierKept:
    """A member has that tier from `since` on; of two that begin together the higher `seq` holds."""

    member: str
    seq: int
    tier: int
    since: datetime


@swift
@dataclass(frozen=True, slots=True)
class CampaignAlerted:
    """Somebody was told that so much of a campaign's budget is used."""

    budget: str
    used: int
    total: int
    at: datetime


@swift
@dataclass(frozen=True, slots=True)
class RedemptionKept:
    """A redemption, remembered for ever under its unit and order number; `hold_id` if it captured a hold."""

    name: str
    id: str
    unit: str
    order_no: str
    holder_id: str
    price_fen: int
    paid_fen: int
    change_points: int
    occurred_at: datetime
    month: date
    terms: str
    answer: Mapping[str, Any]
    hold_id: str | None = None


@swift
@dataclass(frozen=True, slots=True)
class RefundKept:
    """A refund, remembered for ever under its unit and refund number; `refunded_fen` is all so far."""

    name: str
    id: str
    redemption_id: str
    unit: str
    refund_no: str
    amount_fen: int
    refunded_fen: int
    occurred_at: datetime
    month: date
    answer: Mapping[str, Any]


@swift
@dataclass(frozen=True, slots=True)
class HoldPlaced:
    """A hold with its slices, kept for ever, and the journal that placed it."""

    hold: Hold
    journal_id: str
    month: date
    answer: Mapping[str, Any]


@swift
@dataclass(frozen=True, slots=True)
class HoldTurned:
    """A hold was captured or ended, booked in that month; its slices as the movement left them."""

    hold: Hold
    month: date


@swift
@dataclass(frozen=True, slots=True)
class KnownHold:
    """What a decision must know of the hold that binds an order."""

    holder_id: str
    terms: str
    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class QuoteKept:
    """A quote, to be carried out once while it is open."""

    quote: Quote


@dataclass(frozen=True, slots=True)
class ExchangeKept:
    """An exchange that carried out a quote; `day` is the business day whose limit it counts for."""

    id: str
    quote: Quote
    holder_id: str
    day: date
    occurred_at: datetime
    month: date
    answer: Mapping[str, Any]


@swift
@dataclass(frozen=True, slots=True)
class KnownReceipt:
    """What a decision must know of a receipt that was kept before."""

    amount_fen: int
    wallet_id: str
    answer: Mapping[str, Any]


@swift
@dataclass(frozen=True, slots=True)
class KnownRedemption:
    """What a decision must know of a redemption that was kept before."""

    holder_id: str
    terms: str
    answer: Mapping[str, Any]


@swift
@dataclass(frozen=True, slots=True)
class KnownRefund:
    """What a decision must know of a refund that was kept before."""

    redemption_id: str
    amount_fen: int
    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RedemptionDeclined:
    """A redemption refused for want of points, or because too little was asked: counted, nothing moved."""

    id: str
    unit: str
    order_no: str
    code: str
    occurred_at: datetime
    month: date


@dataclass(frozen=True, slots=True)
class CheckInKept:
    """A member's check-in of one business day, remembered for ever."""

    id: str
    wallet_id: str
    day: date
    streak: int
    points: int
    occurred_at: datetime
    month: date
    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AdjustmentAsked:
    """Somebody asks for a grant or a deduction."""

    adjustment: Adjustment


@dataclass(frozen=True, slots=True)
class AdjustmentDecided:
    """A request was approved, and booked in a month, or rejected with a remark."""

    adjustment: Adjustment
    at: datetime
    remark: str | None
    month: date | None


@dataclass(frozen=True, slots=True)
class GiftPrepared:
    """A member means to give; it counts as begun that business day, by whoever holds the giver's wallet."""

    gift: Gift
    holder_id: str
    wallet_id: str
    day: date


@dataclass(frozen=True, slots=True)
class GiftGiven:
    """A confirmed gift has passed, once, on that business day, and is booked in a month."""

    gift: Gift
    holder_id: str
    at: datetime
    day: date
    month: date
    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SheetAnnounced:
    """A file of opening balances was announced."""

    sheet: Sheet


@dataclass(frozen=True, slots=True)
class SheetApproved:
    """A second person let a sheet's lines be taken."""

    id: str
    approved_by: str
    approved_at: datetime


@dataclass(frozen=True, slots=True)
class SheetTaken:
    """A sheet has one more line taken; the lines themselves are the record, so this is not saved."""

    sheet: Sheet


@dataclass(frozen=True, slots=True)
class OpeningKept:
    """A line of a sheet, remembered for ever under its natural name."""

    name: str
    id: str
    sheet_id: str
    unit: str
    reference: str
    wallet_id: str
    points: Points
    earned_at: datetime
    expires_at: datetime
    occurred_at: datetime
    month: date
    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DoubtRaised:
    """Somebody's word about a receipt waits."""

    doubt: Doubt


@dataclass(frozen=True, slots=True)
class DoubtDecided:
    """A word about a receipt was settled by those who know, or accepted or rejected by a person."""

    doubt: Doubt
    at: datetime


@dataclass(frozen=True, slots=True)
class WalletMoved:
    """A wallet points to another holder; its lots stay where they are."""

    wallet_id: str
    holder_id: str


@dataclass(frozen=True, slots=True)
class RuleDrafted:
    """A rule version waits for a second person."""

    id: str
    version: RuleVersion
    drafted_by: str
    drafted_at: datetime


@dataclass(frozen=True, slots=True)
class RuleApproved:
    """A second person approved a drafted version."""

    id: str
    version: RuleVersion
    approved_by: str
    approved_at: datetime


@dataclass(frozen=True, slots=True)
class MonthTurned:
    """A month was opened, or is draining now. Sealing is the database's own act (seal_month)."""

    month: date
    state: MonthState
    subject: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StatementsIssued:
    """The statements of a sealed month: one per unit, figures as they were folded from its journals."""

    month: date
    statements: tuple[Mapping[str, Any], ...]
    summary: Mapping[str, Any]
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class ClientKept:
    """A system's public key, as member announced it; `revoked` ends it."""

    client: str
    role: str
    unit: str | None
    public_key: str
    revoked: bool


@dataclass(frozen=True, slots=True)
class SigningKeyKept:
    """A public key under which member signs tokens, valid until `not_after`."""

    kid: str
    public_key: str
    not_after: datetime
