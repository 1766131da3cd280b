"""Capture a hold, in part or whole: what was set aside pays the order, settled as a redemption is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.points.domain import changes as c
from services.points.domain.authority import own_unit, stated_time
from services.points.domain.books import LedgerBooks, Wallet
from services.points.domain.hold import CaptureKnown, Ended, Hold
from services.points.domain.holding import (
    Capture,
    Moved,
    capturing,
    given_back,
    held_by_issuer,
    lots_told,
    releasing,
    sides,
)
from services.points.domain.journal import Journal
from services.points.domain.month import booking
from services.points.domain.naming import capture_name
from services.points.domain.redemption import owed_to
from services.points.domain.spending import by_issuer
from shared.kernel.command import Announcement, Asked, Needs, Outcome
from shared.kernel.ids import derived, shown
from shared.kernel.refusal import NotFound

JOURNAL, FIRST_CHANGE_LOT, CHANGE_LOTS_MAX = 2, 16, 2048


@dataclass(frozen=True, slots=True)
class CaptureHold:
    """An amount (> 0) of a hold, under a number of the unit's own; a final one lets the rest go."""

    asked: Asked
    hold_id: str
    capture_no: str
    amount_fen: int
    final: bool = False
    at: datetime | None = None

    @property
    def name(self) -> str:
        """The capture's natural name."""
        return capture_name(self.hold_id, self.capture_no)

    @property
    def terms(self) -> str:
        """The request in one word, to tell a repeat from another capture."""
        return f"{self.amount_fen}/{self.final}"

    def needs(self) -> Needs:
        """Need the hold, which its holder guards, and what was captured under that number."""
        return Needs(rows=(("hold", self.hold_id),), facts=(("capture", self.name),))


def capture_hold(books: LedgerBooks, command: CaptureHold) -> Outcome:
    """Take the amount from the hold's points at the rates of the hold's moment, and settle it at once.

    :raises NotFound: if there is no such hold, or it is another unit's.
    :raises CaptureKnown: if the number names a capture of another amount.
    :raises HoldClosed: if it was captured or released.
    :raises HoldExpired: if its time is over.
    :raises CaptureAboveHold: if less is left.
    """
    hold = books.find_hold(command.hold_id)
    if hold is None:
        raise NotFound()
    own_unit(command.asked.principal, hold.unit)
    known = books.redemptions.get(command.name)
    if known is not None:
        if known.terms != command.terms:
            raise CaptureKnown(capture_no=command.capture_no)
        return Outcome(answer=known.answer)
    # A clock that was set back a little must not date a capture before its hold.
    at = max(stated_time(command.asked.principal, command.at, books.now), hold.occurred_at)
    hold.check_open(at)
    hold.check_capture(command.amount_fen)
    accounts = {one.id: one.account for one in books.wallets_behind(hold)}
    capture = capturing(
        hold,
        books.lots_on_hold(hold),
        command.amount_fen,
        books.accounts,
        accounts,
        books.rulebook.rates(hold.occurred_at),
        (derived(command.asked.id, FIRST_CHANGE_LOT + place) for place in range(CHANGE_LOTS_MAX)),
    )
    rest = Moved((), ())
    left = capture.hold
    if command.final or not left.left_fen:
        opened = {lot.id: lot for lot in capture.opened}
        rest = releasing(left, {**books.lots_on_hold(hold), **opened}, accounts)
        left = left.ended(at, Ended.CAPTURED)
    return _captured(books, command, capture, rest, left, at)


def _captured(
    books: LedgerBooks, command: CaptureHold, capture: Capture, rest: Moved, hold: Hold, at: datetime
) -> Outcome:
    wallet = books.wallet(hold.identity)
    booked = booking(at, books.months)
    journal = Journal(
        id=derived(command.asked.id, JOURNAL),
        kind="capture",
        month=booked.month,
        concerns=booked.concerns,
        occurred_at=at,
        holder_id=wallet.holder_id,
        unit=hold.unit,
        sides=sides(hold, [*(one.lot for one in capture.taken), *rest.lots]),
        subject=command.asked.id,
        transfers=(*capture.transfers, *rest.transfers),
    )
    version = books.holders[wallet.holder_id] + 1
    answer = _answer(command, capture, rest, hold, journal)
    return Outcome(
        changes=(
            c.HolderTurned(wallet.holder_id, version),
            *(c.LotOpened(lot) for lot in capture.opened),
            *(c.LotDrawn(lot) for lot in rest.lots),
            c.JournalPosted(journal),
            c.HoldTurned(hold, journal.month),
            _kept(command, hold, wallet, answer, journal),
        ),
        answer=answer,
        events=(_announcement(wallet, capture, rest, answer, journal, version),),
    )


def _kept(
    command: CaptureHold, hold: Hold, wallet: Wallet, answer: Mapping[str, Any], journal: Journal
) -> c.RedemptionKept:
    return c.RedemptionKept(
        name=command.name,
        id=command.asked.id,
        unit=hold.unit,
        order_no=hold.order_no,
        holder_id=wallet.holder_id,
        price_fen=hold.price_fen,
        paid_fen=command.amount_fen,
        change_points=answer["change_points"],
        occurred_at=journal.occurred_at,
        month=journal.month,
        terms=command.terms,
        answer=answer,
        hold_id=hold.id,
    )


def _answer(
    command: CaptureHold, capture: Capture, rest: Moved, hold: Hold, journal: Journal
) -> Mapping[str, Any]:
    return {
        "redemption": shown("red", command.asked.id),
        "journal": shown("jrn", journal.id),
        "hold": shown("hld", hold.id),
        "capture_no": command.capture_no,
        "unit": hold.unit,
        "order_no": hold.order_no,
        "price_fen": hold.price_fen,
        "paid_fen": command.amount_fen,
        "captured_fen": hold.captured_fen,
        "left_fen": hold.left_fen,
        "state": "closed" if hold.ended_at is not None else "open",
        "change_points": sum(one.change for one in capture.taken),
        "taken": [
            {
                "lot": shown("lot", one.lot.id),
                "asset": one.lot.asset,
                "issuer": one.lot.issuer,
                "points": one.points,
                "paid_fen": one.paid_fen,
                "change_points": one.change,
            }
            for one in capture.taken
        ],
        "owed": owed_to(hold.unit, capture.taken),
        "released": lots_told(rest),
        "occurred_at": journal.occurred_at,
    }


def _announcement(
    wallet: Wallet, capture: Capture, rest: Moved, answer: Mapping[str, Any], journal: Journal, version: int
) -> Announcement:
    told = ("journal", "hold", "redemption", "capture_no", "unit", "order_no", "paid_fen", "left_fen", "owed")
    data = {
        **{name: answer[name] for name in told},
        "holder": shown("hol", wallet.holder_id),
        "slices": by_issuer(capture.taken),
        "released": held_by_issuer(given_back(rest)),
    }
    return Announcement(
        "points.hold.captured", shown("hol", wallet.holder_id), version, data, journal.occurred_at
    )
