"""A refund as it is booked: value back in the lots it came from, and what units came to owe undone.

Refuses to ask whether it may come back: the commands do.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.points.domain import changes as c
from services.points.domain.books import LedgerBooks
from services.points.domain.journal import Journal, Lines
from services.points.domain.month import Booking, booking
from services.points.domain.refund import (
    Payment,
    Restored,
    Reversal,
    refund_lines,
    restored,
    reversals,
)
from shared.kernel.command import Announcement, Outcome
from shared.kernel.ids import DERIVED_MAX, derived, shown

FIRST_JOURNAL, FIRST_LOT = 2, 64


@dataclass(frozen=True, slots=True)
class RefundWish:
    """How much of a payment comes back, under which name and number; `id` is its command's."""

    id: str
    name: str
    refund_no: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class _Share:
    """What comes back to one holder: as a rule all of it, in one journal."""

    back: tuple[Restored, ...]
    lines: Lines
    journal: Journal
    version: int


def refunded(books: LedgerBooks, payment: Payment, wanted: RefundWish, at: datetime) -> Outcome:
    """Give value back to the lots it came from, in reverse order, and undo what units came to owe."""
    booked = booking(at, books.months)
    shares = _shares(books, wanted, payment, booked, at)
    answer = _answer(wanted, payment, shares, at)
    kept = c.RefundKept(
        name=wanted.name,
        id=wanted.id,
        redemption_id=payment.id,
        unit=payment.unit,
        refund_no=wanted.refund_no,
        amount_fen=wanted.amount_fen,
        refunded_fen=answer["refunded_fen"],
        occurred_at=at,
        month=booked.month,
        answer=answer,
    )
    return Outcome(
        changes=(*(change for one in shares for change in _changes(one)), kept),
        answer=answer,
        events=tuple(_announcement(wanted, payment, one) for one in shares),
    )


def _shares(
    books: LedgerBooks, wanted: RefundWish, payment: Payment, booked: Booking, now: datetime
) -> list[_Share]:
    """Restore holder by holder: lots never move, but their wallets may have come to different persons."""
    wallets = {
        wallet.id: wallet for wallet in map(books.wallet, books.identities_of("redemption", payment.id))
    }
    parts: dict[str, list[Reversal]] = {}
    for one in reversals(payment, wanted.amount_fen):
        parts.setdefault(wallets[one.line.wallet_id].holder_id, []).append(one)
    lots = {line.lot_id: books.lots[line.wallet_id][line.lot_id] for line in payment.lines}
    accounts = {wallet.id: wallet.account for wallet in wallets.values()}
    names = (derived(wanted.id, place) for place in range(FIRST_LOT, DERIVED_MAX + 1))
    shares: list[_Share] = []
    for place, (holder_id, part) in enumerate(parts.items()):
        back = tuple(restored(part, lots, now, names))
        written = refund_lines(back, payment.unit, books.accounts, accounts)
        journal = Journal(
            id=derived(wanted.id, FIRST_JOURNAL + place),
            kind="refund",
            month=booked.month,
            concerns=booked.concerns,
            occurred_at=now,
            holder_id=holder_id,
            unit=payment.unit,
            sides=tuple(sorted({payment.unit, *(one.lot.issuer for one in back)})),
            subject=wanted.id,
            transfers=written.transfers,
        )
        shares.append(_Share(back, written, journal, books.holders[holder_id] + 1))
    return shares


def _changes(share: _Share) -> Iterator[Any]:
    yield c.HolderTurned(share.journal.holder_id, share.version)
    yield from (c.LotDrawn(lot) for lot in share.lines.drawn)
    yield from (c.LotOpened(lot) for lot in share.lines.opened)
    yield c.JournalPosted(share.journal)


def _answer(
    wanted: RefundWish, payment: Payment, shares: Sequence[_Share], now: datetime
) -> Mapping[str, Any]:
    after = payment.with_refund(wanted.amount_fen)
    back = [one for share in shares for one in share.back]
    return {
        "refund": shown("rfd", wanted.id),
        "redemption": shown("red", payment.id),
        "journals": [shown("jrn", share.journal.id) for share in shares],
        "unit": payment.unit,
        "order_no": payment.order_no,
        "refund_no": wanted.refund_no,
        "amount_fen": wanted.amount_fen,
        "refunded_fen": after.refunded_fen,
        "left_fen": after.left_fen,
        "restored": [
            {
                "lot": shown("lot", one.lot.id),
                "asset": one.lot.asset,
                "issuer": one.lot.issuer,
                "points": one.points,
                "worth_fen": one.worth_fen,
                "expires_at": one.lot.expires_at,
            }
            for one in back
        ],
        "undone": _undone(payment.unit, back),
        "occurred_at": now,
    }


def _undone(unit: str, back: Sequence[Restored]) -> list[dict[str, Any]]:
    """Add up what each issuer does not owe any more."""
    undone: dict[str, int] = {}
    for one in back:
        if one.lot.issuer != unit:
            undone[one.lot.issuer] = undone.get(one.lot.issuer, 0) + one.worth_fen
    return [{"issuer": issuer, "amount_fen": fen} for issuer, fen in sorted(undone.items())]


def _announcement(wanted: RefundWish, payment: Payment, share: _Share) -> Announcement:
    holder = shown("hol", share.journal.holder_id)
    data = {
        "journal": shown("jrn", share.journal.id),
        "holder": holder,
        "refund": shown("rfd", wanted.id),
        "redemption": shown("red", payment.id),
        "unit": payment.unit,
        "order_no": payment.order_no,
        "refund_no": wanted.refund_no,
        "refunded_fen": sum(one.worth_fen for one in share.back),
        "restored": _by_issuer(share.back),
        "undone": _undone(payment.unit, share.back),
    }
    return Announcement("points.wallet.refunded", holder, share.version, data, share.journal.occurred_at)


def _by_issuer(back: Sequence[Restored]) -> list[dict[str, Any]]:
    # An event stays small however many lots were refilled: it adds up by asset and issuer.
    folded: dict[tuple[str, str], dict[str, Any]] = {}
    for one in back:
        empty = {"asset": one.lot.asset, "issuer": one.lot.issuer, "points": 0, "worth_fen": 0}
        whole = folded.setdefault((one.lot.asset, one.lot.issuer), empty)
        whole["points"] += one.points
        whole["worth_fen"] += one.worth_fen
    return list(folded.values())
