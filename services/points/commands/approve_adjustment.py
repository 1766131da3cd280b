"""Approve a grant or a deduction as another person than the one who asked: only now points move.

What it may be worth is judged again, by rule and rate of this moment: a request may have waited for months.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.points.domain import changes as c
from services.points.domain.account import AccountRole
from services.points.domain.adjustment import (
    Adjustment,
    AdjustmentDecided,
    AdjustmentKind,
    GrantTerms,
    adjustment_view,
    approved,
    deductible,
)
from services.points.domain.authority import UnknownUnit, own_unit_of_staff, stated_time
from services.points.domain.books import LedgerBooks
from services.points.domain.journal import Journal, Transfer
from services.points.domain.limit import LimitDrawn, draw
from services.points.domain.lot import Lot, Origin
from services.points.domain.month import booking
from services.points.domain.repayment import AfterDebts, after_debts
from services.points.domain.rulebook import RuleKind
from services.points.domain.taking import take
from services.points.domain.wallet import Wallet
from shared.kernel.command import Announcement, Asked, Needs, Outcome
from shared.kernel.ids import derived, shown
from shared.kernel.refusal import NotFound

LOT, JOURNAL = 1, 2


@dataclass(frozen=True, slots=True)
class ApproveAdjustment:
    """The request with that canonical id, of that kind, is to be carried out."""

    asked: Asked
    kind: AdjustmentKind
    adjustment: str
    at: datetime | None = None

    def needs(self) -> Needs:
        """Need the request, whose holder and lots come with it."""
        return Needs(rows=(("adjustment", self.adjustment),))


@dataclass(frozen=True, slots=True)
class _Movement:
    """What an approved request moves: lines, lots as they are then, or the lot that is opened."""

    transfers: tuple[Transfer, ...]
    drawn: tuple[c.LotDrawn, ...] = ()
    opened: Lot | None = None


def approve_adjustment(books: LedgerBooks, command: ApproveAdjustment) -> Outcome:
    """Open a lot at the unit's cost, or take the points from that unit's lots.

    :raises AnotherPersonNeeded: if the same subject asked for it.
    :raises RequestDecided: if it was approved or rejected before.
    :raises AboveGrantLimit: if by now it is worth more than one request may be; it stays open.
    :raises LimitReached: if the unit's grants of this business day are worth too much with it; it stays open.
    :raises TooFewToTake: if fewer points of the unit are there than were to be taken; it stays open.
    """
    principal = command.asked.principal
    assert principal is not None
    known = books.adjustments.get(command.adjustment)
    if known is None or known.kind is not command.kind:
        raise NotFound()
    own_unit_of_staff(principal, known.unit)
    # A clock that was set back a little must not date an approval before its request.
    now = max(stated_time(principal, command.at, books.now), known.asked_at)
    adjustment = approved(known, principal.subject)
    unit = books.rulebook.find_unit(adjustment.unit, now)
    if unit is None:
        raise UnknownUnit(unit=adjustment.unit)
    drawn = _judged_again(books, adjustment, unit.asset, now)
    wallet = books.wallet(adjustment.identity)
    move = _granted if adjustment.kind is AdjustmentKind.GRANT else _deducted
    moved = move(books, derived(command.asked.id, LOT), adjustment, wallet, unit.asset, now)
    journal = _journal(books, derived(command.asked.id, JOURNAL), adjustment, wallet, moved, now)
    version = books.holders[wallet.holder_id] + 1
    after = AfterDebts(moved.drawn, (), version)
    if moved.opened is not None:
        after = after_debts(books, command.asked.id, wallet, (moved.opened,), version, now)
    return Outcome(
        changes=(
            c.HolderTurned(wallet.holder_id, after.version),
            c.JournalPosted(journal),
            *after.changes,
            *drawn,
            AdjustmentDecided(adjustment, now, None, journal.month),
        ),
        answer={**adjustment_view(adjustment, unit.asset), "journal": shown("jrn", journal.id)},
        events=(_announcement(adjustment, unit.asset, moved.opened, journal, version), *after.events),
    )


def _judged_again(
    books: LedgerBooks, adjustment: Adjustment, asset: str, now: datetime
) -> tuple[LimitDrawn, ...]:
    """Judge the worth as it is now; give what it draws of the unit's business day."""
    terms: GrantTerms = books.rulebook.group_rule(RuleKind.GRANT, now)
    worth_fen = books.rulebook.rate(asset, now).worth(adjustment.points)
    terms.check(worth_fen)
    return draw(books.limits, terms.wishes(adjustment, worth_fen, now))


def _granted(
    books: LedgerBooks, lot_id: str, adjustment: Adjustment, wallet: Wallet, asset: str, now: datetime
) -> _Movement:
    terms: GrantTerms = books.rulebook.group_rule(RuleKind.GRANT, now)
    lot = Lot(
        id=lot_id,
        wallet_id=wallet.id,
        asset=asset,
        issuer=adjustment.unit,
        receipt_number=shown("grt", adjustment.id),
        earned=adjustment.points,
        points_left=adjustment.points,
        earned_at=now,
        available_at=now,
        expires_at=terms.expires_at(now),
        origin=Origin.GRANT,
    )
    issued = books.accounts.of(AccountRole.ISSUED, adjustment.unit)
    line = Transfer(asset, lot.earned, issued, wallet.account, lot.id)
    return _Movement((line,), opened=lot)


def _deducted(
    books: LedgerBooks, _: str, adjustment: Adjustment, wallet: Wallet, asset: str, now: datetime
) -> _Movement:
    accounts = {one.id: one.account for one in books.wallets_of(wallet.holder_id)}
    lots = deductible(books.lots_of(wallet.holder_id), adjustment.unit, asset, now)
    shares = take(lots, adjustment.points)
    issued = books.accounts.of(AccountRole.ISSUED, adjustment.unit)
    lines = (Transfer(asset, one.points, accounts[one.lot.wallet_id], issued, one.lot.id) for one in shares)
    return _Movement(tuple(lines), tuple(c.LotDrawn(one.left) for one in shares))


def _journal(
    books: LedgerBooks, id_: str, adjustment: Adjustment, wallet: Wallet, moved: _Movement, now: datetime
) -> Journal:
    booked = booking(now, books.months)
    return Journal(
        id=id_,
        kind=adjustment.kind.value,
        month=booked.month,
        concerns=booked.concerns,
        occurred_at=now,
        holder_id=wallet.holder_id,
        unit=adjustment.unit,
        sides=(adjustment.unit,),
        subject=adjustment.id,
        transfers=moved.transfers,
    )


def _announcement(
    adjustment: Adjustment, asset: str, lot: Lot | None, journal: Journal, version: int
) -> Announcement:
    holder = shown("hol", journal.holder_id)
    data: Mapping[str, Any] = {
        "journal": shown("jrn", journal.id),
        "holder": holder,
        "unit": adjustment.unit,
        "asset": asset,
        "points": adjustment.points,
    }
    if lot is None:
        told = {**data, "deduction": shown("ded", adjustment.id)}
        return Announcement("points.wallet.deducted", holder, version, told, journal.occurred_at)
    told = {
        **data,
        "grant": shown("grt", adjustment.id),
        "lot": shown("lot", lot.id),
        "expires_at": lot.expires_at,
    }
    return Announcement("points.wallet.granted", holder, version, told, journal.occurred_at)
