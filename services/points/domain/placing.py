"""A hold as it is placed: points leave the wallet lot by lot and wait, whatever asked for them.

Refuses to ask whether it may be placed, and for how long: the commands do.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from services.points.domain import changes as c
from services.points.domain.books import LedgerBooks
from services.points.domain.hold import Hold, HoldPlaced
from services.points.domain.holding import Moved, given_back, held_by_issuer, holding, lots_told, sides
from services.points.domain.journal import Journal
from services.points.domain.month import Booking
from services.points.domain.spending import Slice
from services.points.domain.wallet import Wallet
from shared.kernel.command import Announcement, Outcome
from shared.kernel.ids import derived, shown

JOURNAL = 2


def placed(
    books: LedgerBooks, hold: Hold, taken: Sequence[Slice], booked: Booking, used: Sequence[Any] = ()
) -> Outcome:
    """Put slices on hold in one journal; nothing is settled before a capture.

    :param hold: as it begins, named after its command.
    :param used: changes that go with it: the pay code that was shown.
    """
    wallet = books.wallet(hold.identity)
    moved = holding(taken, {one.id: one.account for one in books.wallets_of(wallet.holder_id)})
    journal = Journal(
        id=derived(hold.id, JOURNAL),
        kind="hold",
        month=booked.month,
        concerns=booked.concerns,
        occurred_at=hold.occurred_at,
        holder_id=wallet.holder_id,
        unit=hold.unit,
        sides=sides(hold, moved.lots),
        subject=hold.id,
        transfers=moved.transfers,
    )
    version = books.holders[wallet.holder_id] + 1
    answer = _answer(hold, moved, journal)
    return Outcome(
        changes=(
            c.HolderTurned(wallet.holder_id, version),
            *(c.LotDrawn(lot) for lot in moved.lots),
            c.JournalPosted(journal),
            HoldPlaced(hold, journal.id, journal.month, answer),
            *used,
        ),
        answer=answer,
        events=(_announcement(wallet, moved, answer, journal, version),),
    )


def _answer(hold: Hold, moved: Moved, journal: Journal) -> Mapping[str, Any]:
    return {
        "hold": shown("hld", hold.id),
        "journal": shown("jrn", journal.id),
        "unit": hold.unit,
        "order_no": hold.order_no,
        "price_fen": hold.price_fen,
        "amount_fen": hold.amount_fen,
        "to_pay_fen": hold.price_fen - hold.amount_fen,
        "slices": lots_told(moved),
        "occurred_at": hold.occurred_at,
        "expires_at": hold.expires_at,
    }


def _announcement(
    wallet: Wallet, moved: Moved, answer: Mapping[str, Any], journal: Journal, version: int
) -> Announcement:
    data = {
        "journal": answer["journal"],
        "holder": shown("hol", wallet.holder_id),
        "hold": answer["hold"],
        "unit": answer["unit"],
        "order_no": answer["order_no"],
        "amount_fen": answer["amount_fen"],
        "slices": held_by_issuer(given_back(moved)),
        "expires_at": answer["expires_at"],
    }
    return Announcement(
        "points.hold.placed", shown("hol", wallet.holder_id), version, data, journal.occurred_at
    )
