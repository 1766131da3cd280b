"""Expire points: what is left of lots past their end goes back to the issuer's expired account."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from services.points.domain import changes as c
from services.points.domain.account import AccountRole
from services.points.domain.authority import stated_time
from services.points.domain.books import LedgerBooks
from services.points.domain.expiry import Ending, endings
from services.points.domain.journal import Journal, Transfer
from services.points.domain.lot import Lot
from services.points.domain.month import booking
from shared.kernel.command import Announcement, Asked, Needs, Outcome
from shared.kernel.ids import derived, shown

JOURNALS_MAX = 500
FIRST_JOURNAL = 16


@dataclass(frozen=True, slots=True)
class ExpirePoints:
    """Every lot of the identity's holder that is past its end, in at most 500 journals at a time."""

    asked: Asked
    identity: str
    at: datetime | None = None

    def needs(self) -> Needs:
        """Need the holder, every open lot, and what of them came back from a hold after their end."""
        return Needs(
            rows=(("identity", self.identity),),
            facts=(("lots", self.identity), ("let-go", self.identity)),
        )


def expire_points(books: LedgerBooks, command: ExpirePoints) -> Outcome:
    """Post a journal for what was free at a lot's end, dated then, and one each time a hold let more go."""
    now = stated_time(command.asked.principal, command.at, books.now)
    holder_id = books.wallet(command.identity).holder_id
    accounts = {wallet.id: wallet.account for wallet in books.wallets_of(holder_id)}
    version = books.holders[holder_id]
    changes: list[object] = []
    events: list[Announcement] = []
    emptied = 0
    for place, (lot, ending) in enumerate(islice(_over(books, holder_id, now), JOURNALS_MAX)):
        journal = _journal(books, command, lot, ending, accounts[lot.wallet_id], holder_id, place)
        after = lot.left_with(lot.points_left - ending.points)
        changes += [c.LotDrawn(after), c.JournalPosted(journal)]
        emptied += not after.points_left
        version += 1
        data = {
            "journal": shown("jrn", journal.id),
            "holder": shown("hol", holder_id),
            "asset": lot.asset,
            "issuer": lot.issuer,
            "points": ending.points,
            "lot": shown("lot", lot.id),
        }
        events.append(
            Announcement("points.wallet.expired", shown("hol", holder_id), version, data, journal.occurred_at)
        )
    if events:
        changes.append(c.HolderTurned(holder_id, version))
    return Outcome(tuple(changes), {"lots": emptied, "more": len(events) == JOURNALS_MAX}, tuple(events))


def _over(books: LedgerBooks, holder_id: str, now: datetime) -> Iterator[tuple[Lot, Ending]]:
    """Give every part that has expired, beside its lot as the parts before have left it."""
    past = (lot for lot in books.lots_of(holder_id) if lot.points_left > 0 and lot.expires_at <= now)
    for lot in sorted(past, key=lambda one: one.order):
        left = lot
        for ending in endings(lot, books.let_go.get(lot.id, {})):
            yield left, ending
            left = left.left_with(left.points_left - ending.points)


def _journal(
    books: LedgerBooks,
    command: ExpirePoints,
    lot: Lot,
    ending: Ending,
    account: int,
    holder_id: str,
    place: int,
) -> Journal:
    booked = booking(ending.at, books.months)
    expired = books.accounts.of(AccountRole.EXPIRED, lot.issuer)
    return Journal(
        id=derived(command.asked.id, FIRST_JOURNAL + place),
        kind="expiry",
        month=booked.month,
        concerns=booked.concerns,
        occurred_at=ending.at,
        holder_id=holder_id,
        unit=lot.issuer,
        sides=(lot.issuer,),
        subject=lot.id,
        transfers=(Transfer(lot.asset, ending.points, account, expired, lot.id),),
    )
