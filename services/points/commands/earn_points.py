"""Earn points from a receipt: once, whoever sends it and however often."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.points.domain import changes as c
from services.points.domain.account import AccountRole
from services.points.domain.authority import UnknownUnit, own_unit, stated_time
from services.points.domain.books import LedgerBooks, Wallet
from services.points.domain.journal import Journal, Transfer
from services.points.domain.lot import Lot
from services.points.domain.month import Booking, booking
from services.points.domain.naming import number_identity, receipt_name
from services.points.domain.receipt import ReceiptConflict, check_purchase
from shared.kernel.command import Announcement, Asked, Needs, Outcome
from shared.kernel.ids import derived, shown
from shared.kernel.number import normal
from shared.kernel.principal import Role

LOT, JOURNAL = 1, 2


@dataclass(frozen=True, slots=True)
class EarnPoints:
    """A receipt of a unit: `amount_fen` (>= 0) paid in cash by the member with that number."""

    asked: Asked
    unit: str
    store: str
    receipt_no: str
    number: str
    amount_fen: int
    purchased_at: datetime
    at: datetime | None = None

    @property
    def name(self) -> str:
        """The receipt's natural name."""
        return receipt_name(self.unit, self.store, self.receipt_no, self.purchased_at)

    @property
    def identity(self) -> str:
        """The identity whose wallet earns."""
        return number_identity(self.unit, self.number)

    def needs(self) -> Needs:
        """Need the receipt's name for ever, and the holder of the number's wallet."""
        return Needs(naturals=(self.name,), rows=(("identity", self.identity),))


def earn_points(books: LedgerBooks, command: EarnPoints) -> Outcome:
    """Open a lot for the receipt under the unit's rule in force when it was paid.

    :raises ReceiptConflict: if the receipt is known with another amount or another member.
    """
    own_unit(command.asked.principal, command.unit)
    now = stated_time(command.asked.principal, command.at, books.now)
    wallet = books.wallet(command.identity)
    known = books.receipts.get(command.name)
    if known is not None:
        if (known.amount_fen, known.wallet_id) != (command.amount_fen, wallet.id):
            raise ReceiptConflict(receipt_no=command.receipt_no, amount_fen=known.amount_fen)
        return Outcome(answer=known.answer)
    if command.asked.principal is not None and command.asked.principal.role is not Role.IMPORTER:
        check_purchase(command.purchased_at, now)
    unit = books.rulebook.find_unit(command.unit, command.purchased_at)
    if unit is None:
        raise UnknownUnit(unit=command.unit)
    rule = books.rulebook.earn_rule(command.unit, command.purchased_at)
    booked = booking(command.purchased_at, books.months)
    points = rule.earned(command.amount_fen)
    if not points:
        return Outcome(
            (_kept(command, wallet, booked, 0, _answer(command, unit.asset, None)),),
            _answer(command, unit.asset, None),
        )
    lot = Lot(
        id=derived(command.asked.id, LOT),
        wallet_id=wallet.id,
        asset=unit.asset,
        issuer=command.unit,
        receipt_number=normal(command.receipt_no),
        earned=points,
        points_left=points,
        earned_at=command.purchased_at,
        available_at=rule.available_at(command.purchased_at),
        expires_at=rule.expires_at(command.purchased_at),
    )
    return _earned(books, command, wallet, lot, booked)


def _earned(books: LedgerBooks, command: EarnPoints, wallet: Wallet, lot: Lot, booked: Booking) -> Outcome:
    issued = books.accounts.of(AccountRole.ISSUED, command.unit)
    journal = Journal(
        id=derived(command.asked.id, JOURNAL),
        kind="earning",
        month=booked.month,
        concerns=booked.concerns,
        occurred_at=command.purchased_at,
        holder_id=wallet.holder_id,
        unit=command.unit,
        sides=(command.unit,),
        subject=command.asked.id,
        transfers=(Transfer(lot.asset, lot.points_left, issued, wallet.account, lot.id),),
    )
    version = books.holders[wallet.holder_id] + 1
    answer = _answer(command, lot.asset, lot)
    return Outcome(
        changes=(
            c.HolderTurned(wallet.holder_id, version),
            c.LotOpened(lot),
            c.JournalPosted(journal),
            _kept(command, wallet, booked, lot.earned, answer),
        ),
        answer=answer,
        events=(_announcement(command, wallet, lot, journal, version),),
    )


def _announcement(
    command: EarnPoints, wallet: Wallet, lot: Lot, journal: Journal, version: int
) -> Announcement:
    data = {
        "journal": shown("jrn", journal.id),
        "holder": shown("hol", wallet.holder_id),
        "wallet": shown("wal", wallet.id),
        "unit": command.unit,
        "asset": lot.asset,
        "points": lot.earned,
        "lot": shown("lot", lot.id),
        "available_at": lot.available_at,
        "expires_at": lot.expires_at,
        "receipt_no": command.receipt_no,
        "occurred_at": command.purchased_at,
    }
    return Announcement(
        "points.wallet.earned", shown("hol", wallet.holder_id), version, data, command.purchased_at
    )


def _answer(command: EarnPoints, asset: str, lot: Lot | None) -> Mapping[str, Any]:
    return {
        "receipt": shown("rcp", command.asked.id),
        "unit": command.unit,
        "store": command.store,
        "receipt_no": command.receipt_no,
        "amount_fen": command.amount_fen,
        "asset": asset,
        "points": lot.earned if lot else 0,
        "lot": shown("lot", lot.id) if lot else None,
        "available_at": lot.available_at if lot else None,
        "expires_at": lot.expires_at if lot else None,
    }


def _kept(
    command: EarnPoints, wallet: Wallet, booked: Booking, points: int, answer: Mapping[str, Any]
) -> c.ReceiptKept:
    return c.ReceiptKept(
        name=command.name,
        id=command.asked.id,
        unit=command.unit,
        store=command.store,
        number=command.receipt_no,
        wallet_id=wallet.id,
        amount_fen=command.amount_fen,
        purchased_at=command.purchased_at,
        month=booked.month,
        points=points,
        answer=answer,
    )
