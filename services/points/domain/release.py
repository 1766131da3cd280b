"""The end of a hold without a capture: released by its unit, or over in time.

Refuses to ask whether it may end: the commands do.
"""

from datetime import datetime

from services.points.domain import changes as c
from services.points.domain.books import LedgerBooks
from services.points.domain.hold import Ended, Hold, HoldTurned
from services.points.domain.holding import given_back, held_by_issuer, lots_told, releasing, sides
from services.points.domain.journal import Journal
from services.points.domain.month import booking
from shared.kernel.command import Announcement, Outcome
from shared.kernel.ids import derived, shown

JOURNAL = 2


def released(books: LedgerBooks, hold: Hold, asked_id: str, at: datetime, by: Ended) -> Outcome:
    """Give what is left on hold back to its lots, in one journal dated at that moment."""
    accounts = {one.id: one.account for one in books.wallets_behind(hold)}
    moved = releasing(hold, books.lots_on_hold(hold), accounts)
    wallet = books.wallet(hold.identity)
    booked = booking(at, books.months)
    journal = Journal(
        id=derived(asked_id, JOURNAL),
        kind="release",
        month=booked.month,
        concerns=booked.concerns,
        occurred_at=at,
        holder_id=wallet.holder_id,
        unit=hold.unit,
        sides=sides(hold, moved.lots),
        subject=hold.id,
        transfers=moved.transfers,
    )
    version = books.holders[wallet.holder_id] + 1
    told = {
        "journal": shown("jrn", journal.id),
        "hold": shown("hld", hold.id),
        "unit": hold.unit,
        "order_no": hold.order_no,
        "captured_fen": hold.captured_fen,
    }
    data = {
        **told,
        "holder": shown("hol", wallet.holder_id),
        "cause": by.value,
        "slices": held_by_issuer(given_back(moved)),
    }
    answer = {
        **told,
        "state": "closed",
        "ended_by": by.value,
        "released": lots_told(moved),
        "occurred_at": at,
    }
    return Outcome(
        changes=(
            c.HolderTurned(wallet.holder_id, version),
            *(c.LotDrawn(lot) for lot in moved.lots),
            c.JournalPosted(journal),
            HoldTurned.of(hold, hold.ended(at, by), journal.month),
        ),
        answer=answer,
        events=(Announcement("points.hold.released", shown("hol", wallet.holder_id), version, data, at),),
    )
