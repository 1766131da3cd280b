"""Earn points from a receipt: once, whoever sends it and however often."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.points.domain import changes as c
from services.points.domain.account import AccountRole
from services.points.domain.assessment import Assessment, Purchase, assess
from services.points.domain.authority import UnknownUnit, own_unit, own_unit_of_staff, stated_time
from services.points.domain.books import LedgerBooks
from services.points.domain.bounds import check_earning
from services.points.domain.campaign import Campaign, drawn
from services.points.domain.cap import DAY_EARNINGS, earned_on
from services.points.domain.doubt import (
    Acceptance,
    Doubt,
    DoubtRaised,
    DoubtTurned,
    Source,
    accepted,
    check_alone,
    last_receipt,
    settled,
    told_before,
)
from services.points.domain.journal import Journal, Transfer
from services.points.domain.limit import LimitDrawn
from services.points.domain.lot import Lot, Origin
from services.points.domain.month import Booking, booking
from services.points.domain.naming import again_name, day_in, number_identity, receipt_name
from services.points.domain.receipt import ReceiptConflict, check_purchase
from services.points.domain.repayment import after_debts, debts_of
from services.points.domain.rulebook import Unit
from services.points.domain.wallet import Wallet
from shared.kernel.calendar import day_of
from shared.kernel.command import Announcement, Asked, Needs, Outcome
from shared.kernel.ids import derived, shown
from shared.kernel.number import normal
from shared.kernel.principal import Role
from shared.kernel.refusal import NotFound
from shared.kernel.swift import swift

LOT, JOURNAL, BONUS, DOUBT = 1, 2, 3, 4


@swift
@dataclass(frozen=True, slots=True)
class EarnPoints:
    """A receipt of a unit: `amount_fen` (>= 0) paid in cash by the member with that number.

    `lines` are the amount by category, where the till says so. With `accepted` a person lets a receipt in
    doubt earn; then that identity earns, not a number's.
    """

    asked: Asked
    unit: str
    store: str
    receipt_no: str
    number: str
    amount_fen: int
    purchased_at: datetime
    at: datetime | None = None
    lines: tuple[tuple[str, int], ...] = ()
    source: Source = Source.TILL
    accepted: Acceptance | None = None

    @property
    def name(self) -> str:
        """The receipt's natural name."""
        return receipt_name(self.unit, self.store, self.receipt_no, self.purchased_at)

    @property
    def identity(self) -> str:
        """The identity whose wallet earns."""
        return number_identity(self.unit, self.number) if self.accepted is None else self.accepted.identity

    def needs(self) -> Needs:
        """Need the receipt's name, all told of it, the holder, what rules ask of the day, what is owed."""
        name, identity = self.name, self.identity
        earned = (DAY_EARNINGS, earned_on(day_in(name), identity))
        return Needs((name,), (("identity", identity),), (earned, ("doubts", name), debts_of(identity)))


def earn_points(books: LedgerBooks, command: EarnPoints) -> Outcome:
    """Open a lot for the receipt under the unit's rule in force when it was paid.

    :raises ReceiptConflict: if the receipt is known with another amount or another member; what was told now
        is kept in doubt for a person to decide.
    :raises DoubtDecided: if the doubt that is accepted was settled or decided before.
    :raises ReceiptTooLarge: if it is more than one receipt may.
    :raises AnotherYesNeeded: if it is of more than one person may accept, and nobody else has.
    :raises DoubtChanged: if something else is known of its receipt than was shown to whoever accepts it.
    """
    now = stated_time(command.asked.principal, command.at, books.now)
    wallet = books.wallet(command.identity)
    known = books.receipts.get(command.name)
    if command.accepted is None:
        own_unit(command.asked.principal, command.unit)
        if known is not None:
            return _told_again(books, command, wallet, known, now)
        if command.asked.principal is not None and command.asked.principal.role is not Role.IMPORTER:
            check_purchase(command.purchased_at, now)
    closed = tuple(DoubtTurned(one, books.now) for one in _closed(books, command, wallet))
    earned = _taken(books, command, wallet, now)
    return Outcome((*earned.changes, *closed), earned.answer, earned.events) if closed else earned


def _told_again(
    books: LedgerBooks,
    command: EarnPoints,
    wallet: Wallet,
    known: c.ReceiptKept | c.KnownReceipt,
    now: datetime,
) -> Outcome:
    """Give the first answer to the same person's same purchase; keep anything else in doubt, once."""
    if books.told_same(known, wallet.holder_id, command.amount_fen):
        return Outcome(answer=known.answer)
    principal = command.asked.principal
    doubt = told_before(books.doubts_of(command.name), wallet.holder_id, command.amount_fen)
    raised: tuple[DoubtRaised, ...] = ()
    if doubt is None:
        doubt = Doubt(
            id=derived(command.asked.id, DOUBT),
            name=command.name,
            unit=command.unit,
            store=command.store,
            number=command.receipt_no,
            identity=command.identity,
            wallet_id=wallet.id,
            holder_id=wallet.holder_id,
            amount_fen=command.amount_fen,
            purchased_at=command.purchased_at,
            source=command.source,
            told_by=principal.subject if principal is not None else command.unit,
            told_at=now,
        )
        raised = (DoubtRaised(doubt),)
    raise ReceiptConflict(
        changes=raised,
        receipt_no=command.receipt_no,
        amount_fen=known.amount_fen,
        doubt=shown("dbt", doubt.id),
    )


def _closed(books: LedgerBooks, command: EarnPoints, wallet: Wallet) -> list[Doubt]:
    """Close the doubts that this receipt answers: the accepted one, or the person's own claims of it."""
    principal, doubts = command.asked.principal, books.doubts_of(command.name)
    by = principal.subject if principal is not None else command.unit
    if command.accepted is None:
        return settled(doubts, wallet.holder_id, by, command.asked.id)
    assert principal is not None
    own_unit_of_staff(principal, command.unit)
    known = next((one for one in doubts if one.id == command.accepted.doubt), None)
    if known is None:
        raise NotFound()
    decided = accepted(known, by, command.accepted.reason, command.asked.id)
    # Of two who accept two claims of one slip at the same moment, the second has not seen the first.
    earned = books.receipts.get(command.name)
    first = None if earned is None else str(earned.answer["receipt"])
    command.accepted.check_seen(last_receipt(first, doubts))
    check_alone(known, by, command.accepted, books.rulebook.claim_terms(books.now), books.now)
    return [decided]


def _taken(books: LedgerBooks, command: EarnPoints, wallet: Wallet, now: datetime) -> Outcome:
    unit = books.rulebook.find_unit(command.unit, command.purchased_at)
    if unit is None:
        raise UnknownUnit(unit=command.unit)
    booked = booking(command.purchased_at, books.months)
    found, drawn = _assessed(books, command, unit, wallet)
    check_earning(found.earning.points)
    if not found.earning.points:
        answer = _answer(command, unit.asset, found, ())
        kept = _kept(books, command, wallet, booked, found, answer)
        return Outcome((kept,), answer, kept_by=command.asked.id)
    outcome = _earned(books, command, wallet, found, _lots(command, unit, wallet, found), booked, now)
    return replace(outcome, changes=(*drawn, *outcome.changes)) if drawn else outcome


def _assessed(
    books: LedgerBooks, command: EarnPoints, unit: Unit, wallet: Wallet
) -> tuple[Assessment, tuple[LimitDrawn, ...]]:
    """Assess the purchase; also give what a campaign's bonus draws from its budget."""
    at, holder_id = command.purchased_at, wallet.holder_id
    purchase = Purchase(
        unit,
        normal(command.store),
        command.amount_fen,
        at,
        dict(command.lines),
        books.tier_of(holder_id, at),
    )
    changes: tuple[LimitDrawn, ...] = ()

    def draw(campaign: Campaign, wished: int) -> int:
        nonlocal changes
        changes = drawn(books.limits, campaign.wish(unit.code, wished, command.asked.id))
        return sum(one.wish.amount for one in changes)

    return assess(books.rulebook, purchase, books.day_earnings_of(holder_id, at), draw), changes


def _lots(command: EarnPoints, unit: Unit, wallet: Wallet, found: Assessment) -> tuple[Lot, ...]:
    """Make a lot of the receipt's own points, and one of a campaign's bonus, which its bearer issues."""
    rule, earning = found.rule, found.earning
    own = Lot(
        id=derived(command.asked.id, LOT),
        wallet_id=wallet.id,
        asset=unit.asset,
        issuer=command.unit,
        receipt_number=normal(command.receipt_no),
        earned=earning.points,
        points_left=earning.points,
        earned_at=command.purchased_at,
        available_at=rule.available_at(command.purchased_at),
        expires_at=rule.expires_at(command.purchased_at),
    )
    if found.bearer is None or found.bonus_asset is None:
        return (own,)
    bonus = replace(
        own,
        id=derived(command.asked.id, BONUS),
        asset=found.bonus_asset,
        issuer=found.bearer,
        earned=earning.bonus,
        points_left=earning.bonus,
        origin=Origin.CAMPAIGN,
    )
    return own, bonus


def _earned(
    books: LedgerBooks,
    command: EarnPoints,
    wallet: Wallet,
    found: Assessment,
    lots: tuple[Lot, ...],
    booked: Booking,
    now: datetime,
) -> Outcome:
    journal = Journal(
        id=derived(command.asked.id, JOURNAL),
        kind="earning",
        month=booked.month,
        concerns=booked.concerns,
        occurred_at=command.purchased_at,
        holder_id=wallet.holder_id,
        unit=command.unit,
        sides=tuple(sorted({command.unit, *(lot.issuer for lot in lots)})),
        subject=command.asked.id,
        transfers=tuple(_issuing(books, wallet, lot) for lot in lots),
    )
    version = books.holders[wallet.holder_id] + 1
    answer = _answer(command, lots[0].asset, found, lots)
    after = after_debts(books, command.asked.id, wallet, lots, version, now)
    return Outcome(
        changes=(
            c.HolderTurned(wallet.holder_id, after.version),
            c.JournalPosted(journal),
            *after.changes,
            _kept(books, command, wallet, booked, found, answer),
        ),
        answer=answer,
        events=(_announcement(command, wallet, answer, journal, version), *after.events),
        kept_by=command.asked.id,
    )


def _issuing(books: LedgerBooks, wallet: Wallet, lot: Lot) -> Transfer:
    issued = books.accounts.of(AccountRole.ISSUED, lot.issuer)
    return Transfer(lot.asset, lot.earned, issued, wallet.account, lot.id)


def _announcement(
    command: EarnPoints, wallet: Wallet, answer: Mapping[str, Any], journal: Journal, version: int
) -> Announcement:
    told = ("unit", "asset", "points", "lot", "available_at", "expires_at", "receipt_no")
    data = {
        "journal": shown("jrn", journal.id),
        "holder": shown("hol", wallet.holder_id),
        "wallet": shown("wal", wallet.id),
        **{name: answer[name] for name in told},
        "occurred_at": command.purchased_at,
    }
    if answer["bonus"] is not None:
        data["bonus"] = answer["bonus"]
    return Announcement(
        "points.wallet.earned", shown("hol", wallet.holder_id), version, data, command.purchased_at
    )


def _answer(command: EarnPoints, asset: str, found: Assessment, lots: tuple[Lot, ...]) -> Mapping[str, Any]:
    lot = lots[0] if lots else None
    return {
        "receipt": shown("rcp", command.asked.id),
        "unit": command.unit,
        "store": command.store,
        "receipt_no": command.receipt_no,
        "amount_fen": command.amount_fen,
        "source": command.source.value,
        "asset": asset,
        "points": lot.earned if lot else 0,
        "lot": shown("lot", lot.id) if lot else None,
        "available_at": lot.available_at if lot else None,
        "expires_at": lot.expires_at if lot else None,
        "bonus": _bonus(found, lots[1]) if len(lots) > 1 else None,
        "cut": [one.as_json() for one in found.terms.cut],
    }


def _bonus(found: Assessment, lot: Lot) -> Mapping[str, Any]:
    assert found.terms.given is not None
    return {
        "campaign": found.terms.given.code,
        "bearer": lot.issuer,
        "asset": lot.asset,
        "points": lot.earned,
        "lot": shown("lot", lot.id),
    }


def _own_name(books: LedgerBooks, command: EarnPoints) -> str:
    taken = command.name in books.receipts
    return again_name(command.name, command.accepted.doubt) if taken and command.accepted else command.name


def _kept(
    books: LedgerBooks,
    command: EarnPoints,
    wallet: Wallet,
    booked: Booking,
    found: Assessment,
    answer: Mapping[str, Any],
) -> c.ReceiptKept:
    capped = books.rulebook.cap(command.purchased_at) is not None
    return c.ReceiptKept(
        name=_own_name(books, command),
        id=command.asked.id,
        unit=command.unit,
        store=command.store,
        number=command.receipt_no,
        wallet_id=wallet.id,
        amount_fen=command.amount_fen,
        purchased_at=command.purchased_at,
        month=booked.month,
        points=found.earning.points,
        answer=answer,
        terms=found.terms,
        capped_on=day_of(command.purchased_at) if capped else None,
    )
