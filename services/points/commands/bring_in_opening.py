"""Bring in an opening balance: one line of an approved sheet becomes a lot, once under its own reference."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.points.domain import changes as c
from services.points.domain.account import AccountRole
from services.points.domain.amounts import Points
from services.points.domain.authority import UnknownUnit, stated_time
from services.points.domain.books import LedgerBooks
from services.points.domain.journal import Journal, Transfer
from services.points.domain.lot import Lot, Origin
from services.points.domain.month import Booking, booking
from services.points.domain.naming import number_identity, opening_name
from services.points.domain.opening import OpeningConflict, OpeningKept, SheetTaken, check_dates
from services.points.domain.repayment import after_debts, debts_of
from services.points.domain.wallet import Wallet
from shared.kernel.command import Announcement, Asked, Needs, Outcome
from shared.kernel.ids import derived, shown
from shared.kernel.number import normal
from shared.kernel.refusal import NotFound

LOT, JOURNAL = 1, 2


@dataclass(frozen=True, slots=True)
class BringInOpening:
    """A unit's member number had that many points (> 0) in the unit's own system, until `expires_at`."""

    asked: Asked
    sheet: str
    unit: str
    number: str
    points: int
    reference: str
    expires_at: datetime
    earned_at: datetime | None = None
    at: datetime | None = None

    @property
    def name(self) -> str:
        """The line's natural name."""
        return opening_name(self.unit, self.reference)

    @property
    def identity(self) -> str:
        """The identity whose wallet gets the points."""
        return number_identity(self.unit, self.number)

    def needs(self) -> Needs:
        """Need the line's name for ever, the sheet whose totals bound it, the number's holder and debts."""
        return Needs(
            naturals=(self.name,),
            rows=(("identity", self.identity), ("sheet", self.sheet)),
            facts=(("opening", self.name), debts_of(self.identity)),
        )


def bring_in_opening(books: LedgerBooks, command: BringInOpening) -> Outcome:
    """Open a lot at the unit's cost, booked in the month that is open; the same line again changes nothing.

    :raises OpeningConflict: if the reference is known with another number, other points or another end.
    :raises OpeningInvalid: if the points are over, or not earned yet.
    :raises SheetNotApproved: if no second person has approved the sheet.
    :raises SheetExceeded: if it would be more lines or points than the sheet says.
    """
    wallet = books.wallet(command.identity)
    known = books.openings.get(command.name)
    if known is not None:
        told = (known.wallet_id, known.points, known.expires_at)
        if told != (wallet.id, command.points, command.expires_at):
            raise OpeningConflict(reference=command.reference, points=known.points)
        return Outcome(answer=known.answer)
    now = stated_time(command.asked.principal, command.at, books.now)
    sheet = books.sheets.get(command.sheet)
    if sheet is None or sheet.unit != command.unit:
        raise NotFound()
    unit = books.rulebook.find_unit(command.unit, now)
    if unit is None:
        raise UnknownUnit(unit=command.unit)
    earned_at = command.earned_at or now
    check_dates(earned_at, command.expires_at, now)
    taken = sheet.with_line(command.points)
    lot = Lot(
        id=derived(command.asked.id, LOT),
        wallet_id=wallet.id,
        asset=unit.asset,
        issuer=command.unit,
        receipt_number=normal(command.reference),
        earned=Points(command.points),
        points_left=Points(command.points),
        earned_at=earned_at,
        available_at=earned_at,
        expires_at=command.expires_at,
        origin=Origin.OPENING,
    )
    outcome = _brought_in(books, command, wallet, lot, booking(now, books.months), now)
    return Outcome((*outcome.changes, SheetTaken(taken)), outcome.answer, outcome.events)


def _brought_in(
    books: LedgerBooks, command: BringInOpening, wallet: Wallet, lot: Lot, booked: Booking, now: datetime
) -> Outcome:
    issued = books.accounts.of(AccountRole.ISSUED, command.unit)
    journal = Journal(
        id=derived(command.asked.id, JOURNAL),
        kind="opening",
        month=booked.month,
        concerns=booked.concerns,
        occurred_at=now,
        holder_id=wallet.holder_id,
        unit=command.unit,
        sides=(command.unit,),
        subject=command.asked.id,
        transfers=(Transfer(lot.asset, lot.earned, issued, wallet.account, lot.id),),
    )
    version = books.holders[wallet.holder_id] + 1
    answer = {
        "opening": shown("opn", command.asked.id),
        "unit": command.unit,
        "reference": command.reference,
        "asset": lot.asset,
        "points": lot.earned,
        "lot": shown("lot", lot.id),
        "expires_at": lot.expires_at,
    }
    kept = OpeningKept(
        name=command.name,
        id=command.asked.id,
        sheet_id=command.sheet,
        unit=command.unit,
        reference=command.reference,
        wallet_id=wallet.id,
        points=lot.earned,
        earned_at=lot.earned_at,
        expires_at=lot.expires_at,
        occurred_at=now,
        month=booked.month,
        answer=answer,
    )
    after = after_debts(books, command.asked.id, wallet, (lot,), version, now)
    turned = c.HolderTurned(wallet.holder_id, after.version)
    events = (_announcement(answer, wallet, lot, journal, version), *after.events)
    return Outcome((turned, c.JournalPosted(journal), *after.changes, kept), answer, events)


def _announcement(
    answer: Mapping[str, Any], wallet: Wallet, lot: Lot, journal: Journal, version: int
) -> Announcement:
    data = {
        "journal": shown("jrn", journal.id),
        "holder": shown("hol", wallet.holder_id),
        "wallet": shown("wal", wallet.id),
        "unit": lot.issuer,
        "asset": lot.asset,
        "points": lot.earned,
        "lot": answer["lot"],
        "expires_at": lot.expires_at,
        "reference": answer["reference"],
    }
    return Announcement(
        "points.wallet.brought_in", shown("hol", wallet.holder_id), version, data, journal.occurred_at
    )
