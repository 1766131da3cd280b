"""A capture of a hold: what was set aside pays, in part or whole, settled as a redemption is.

Refuses to ask whether it may be captured: the commands do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.points.domain import changes as c
from services.points.domain.books import LedgerBooks
from services.points.domain.hold import Ended, Hold, HoldTurned
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
from services.points.domain.redemption import owed_to
from services.points.domain.spending import by_issuer
from services.points.domain.wallet import Wallet
from shared.kernel.command import Announcement, Outcome
from shared.kernel.ids import derived, shown

JOURNAL, FIRST_CHANGE_LOT, CHANGE_LOTS_MAX = 2, 16, 2048


@dataclass(frozen=True, slots=True)
class CaptureWish:
    """How much of a hold is taken, under which number; `id` is its command's, a final one frees the rest."""

    id: str
    name: str
    terms: str
    capture_no: str
    amount_fen: int
    final: bool


def captured(books: LedgerBooks, hold: Hold, wanted: CaptureWish, at: datetime) -> Outcome:
    """Take the amount from the hold's points at the rates of the hold's moment, and settle it at once."""
    accounts = {one.id: one.account for one in books.wallets_behind(hold)}
    capture = capturing(
        hold,
        books.lots_on_hold(hold),
        wanted.amount_fen,
        books.accounts,
        accounts,
        books.rulebook.rates(hold.occurred_at),
        (derived(wanted.id, FIRST_CHANGE_LOT + place) for place in range(CHANGE_LOTS_MAX)),
    )
    rest = Moved((), ())
    left = capture.hold
    if wanted.final or not left.left_fen:
        opened = {lot.id: lot for lot in capture.opened}
        rest = releasing(left, {**books.lots_on_hold(hold), **opened}, accounts)
        left = left.ended(at, Ended.CAPTURED)
    return _captured(books, wanted, capture, rest, hold, left, at)


def _captured(
    books: LedgerBooks,
    wanted: CaptureWish,
    capture: Capture,
    rest: Moved,
    before: Hold,
    hold: Hold,
    at: datetime,
) -> Outcome:
    wallet = books.wallet(hold.identity)
    booked = booking(at, books.months)
    journal = Journal(
        id=derived(wanted.id, JOURNAL),
        kind="capture",
        month=booked.month,
        concerns=booked.concerns,
        occurred_at=at,
        holder_id=wallet.holder_id,
        unit=hold.unit,
        sides=sides(hold, [*(one.lot for one in capture.taken), *rest.lots]),
        subject=wanted.id,
        transfers=(*capture.transfers, *rest.transfers),
    )
    version = books.holders[wallet.holder_id] + 1
    answer = _answer(wanted, capture, rest, hold, journal)
    return Outcome(
        changes=(
            c.HolderTurned(wallet.holder_id, version),
            *(c.LotOpened(lot) for lot in capture.opened),
            *(c.LotDrawn(lot) for lot in rest.lots),
            c.JournalPosted(journal),
            HoldTurned.of(before, hold, journal.month),
            _kept(wanted, hold, wallet, answer, journal),
        ),
        answer=answer,
        events=(_announcement(wallet, capture, rest, answer, journal, version),),
    )


def _kept(
    wanted: CaptureWish, hold: Hold, wallet: Wallet, answer: Mapping[str, Any], journal: Journal
) -> c.RedemptionKept:
    return c.RedemptionKept(
        name=wanted.name,
        id=wanted.id,
        unit=hold.unit,
        order_no=hold.order_no,
        holder_id=wallet.holder_id,
        price_fen=hold.price_fen,
        paid_fen=wanted.amount_fen,
        change_points=answer["change_points"],
        occurred_at=journal.occurred_at,
        month=journal.month,
        terms=wanted.terms,
        answer=answer,
        hold_id=hold.id,
    )


def _answer(
    wanted: CaptureWish, capture: Capture, rest: Moved, hold: Hold, journal: Journal
) -> Mapping[str, Any]:
    return {
        "redemption": shown("red", wanted.id),
        "journal": shown("jrn", journal.id),
        "hold": shown("hld", hold.id),
        "capture_no": wanted.capture_no,
        "unit": hold.unit,
        "order_no": hold.order_no,
        "price_fen": hold.price_fen,
        "paid_fen": wanted.amount_fen,
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
