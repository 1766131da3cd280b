"""Expire points: what is left of lots past their end goes back to the issuer's expired account."""

from dataclasses import dataclass
from datetime import datetime

from services.points.domain import changes as c
from services.points.domain.account import AccountRole
from services.points.domain.authority import stated_time
from services.points.domain.books import LedgerBooks
from services.points.domain.journal import Journal, Transfer
from services.points.domain.lot import Lot
from services.points.domain.month import booking
from shared.kernel.command import Announcement, Asked, Needs, Outcome
from shared.kernel.ids import derived, shown

LOTS_MAX = 500
FIRST_JOURNAL = 16


@dataclass(frozen=True, slots=True)
class ExpirePoints:
    """Every lot of the identity's holder that is past its end, at most 500 at a time."""

    asked: Asked
    identity: str
    at: datetime | None = None

    def needs(self) -> Needs:
        """Need the holder, every open lot, and which of them came back from a hold after their end."""
        return Needs(
            rows=(("identity", self.identity),),
            facts=(("lots", self.identity), ("let-go", self.identity)),
        )


def expire_points(books: LedgerBooks, command: ExpirePoints) -> Outcome:
    """Post one journal per expired lot, dated at its end, or when a hold let it go after that."""
    now = stated_time(command.asked.principal, command.at, books.now)
    holder_id = books.wallet(command.identity).holder_id
    accounts = {wallet.id: wallet.account for wallet in books.wallets_of(holder_id)}
    over = sorted(
        (lot for lot in books.lots_of(holder_id) if lot.points_left > 0 and lot.expires_at <= now),
        key=lambda lot: lot.order,
    )[:LOTS_MAX]
    version = books.holders[holder_id]
    changes: list[object] = []
    events: list[Announcement] = []
    for place, lot in enumerate(over):
        journal = _journal(books, command, lot, accounts[lot.wallet_id], holder_id, place)
        changes += [c.LotDrawn(lot.left_with(0)), c.JournalPosted(journal)]
        version += 1
        data = {
            "journal": shown("jrn", journal.id),
            "holder": shown("hol", holder_id),
            "asset": lot.asset,
            "issuer": lot.issuer,
            "points": lot.points_left,
            "lot": shown("lot", lot.id),
        }
        events.append(
            Announcement("points.wallet.expired", shown("hol", holder_id), version, data, journal.occurred_at)
        )
    if over:
        changes.append(c.HolderTurned(holder_id, version))
    return Outcome(tuple(changes), {"lots": len(over), "more": len(over) == LOTS_MAX}, tuple(events))


def _journal(
    books: LedgerBooks, command: ExpirePoints, lot: Lot, account: int, holder_id: str, place: int
) -> Journal:
    # Before it was let go it was not in the wallet: an older date would take out what was not there.
    at = max(lot.expires_at, books.let_go.get(lot.id, lot.expires_at))
    booked = booking(at, books.months)
    expired = books.accounts.of(AccountRole.EXPIRED, lot.issuer)
    return Journal(
        id=derived(command.asked.id, FIRST_JOURNAL + place),
        kind="expiry",
        month=booked.month,
        concerns=booked.concerns,
        occurred_at=at,
        holder_id=holder_id,
        unit=lot.issuer,
        sides=(lot.issuer,),
        subject=lot.id,
        transfers=(Transfer(lot.asset, lot.points_left, account, expired, lot.id),),
    )
