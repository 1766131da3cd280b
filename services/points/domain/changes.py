"""What a decision may change in the ledger; what it changes of a noun of its own stands beside that noun.

Refuses to carry anything out: the books apply, the store saves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.points.domain.earning import Terms
from services.points.domain.journal import Journal
from services.points.domain.lot import Lot
from services.points.domain.month import MonthState
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
class WalletMoved:
    """A wallet points to another holder than the former one; its lots stay where they are."""

    wallet_id: str
    holder_id: str
    former_holder_id: str


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
