"""Check in: a member says hello once a business day; the streak brings group points at the group's cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.points.domain import changes as c
from services.points.domain.account import GROUP, AccountRole
from services.points.domain.authority import UnknownUnit, stated_time
from services.points.domain.books import LedgerBooks
from services.points.domain.check_in import CheckInKept, CheckInTerms, streak_on
from services.points.domain.journal import Journal, Transfer
from services.points.domain.lot import Lot, Origin
from services.points.domain.month import Booking, booking
from services.points.domain.repayment import after_debts, debts_of
from services.points.domain.rulebook import RuleKind
from services.points.domain.wallet import Wallet
from shared.kernel.calendar import day_of
from shared.kernel.command import Announcement, Asked, Needs, Outcome
from shared.kernel.ids import derived, shown

LOT, JOURNAL = 1, 2


@dataclass(frozen=True, slots=True)
class CheckIn:
    """The member (`mem_…`) is here today."""

    asked: Asked
    member: str
    at: datetime | None = None

    def needs(self) -> Needs:
        """Need the member's holder, under whose lock the member's last check-in is read."""
        return Needs(
            rows=(("identity", self.member),), facts=(("check-in", self.member), debts_of(self.member))
        )


def check_in(books: LedgerBooks, command: CheckIn) -> Outcome:
    """Open a lot of group points for the day of the streak; the same day again is the day's first answer.

    A clock that was set back finds the later day checked in, and brings nothing either.
    """
    now = stated_time(command.asked.principal, command.at, books.now)
    wallet = books.wallet(command.member)
    day, last = day_of(now), books.check_ins.get(wallet.id)
    if last is not None and day <= last.day:
        return Outcome(answer=last.answer)
    unit = books.rulebook.find_unit(GROUP, now)
    if unit is None:
        raise UnknownUnit(unit=GROUP)
    terms: CheckInTerms = books.rulebook.group_rule(RuleKind.CHECK_IN, now)
    booked = booking(now, books.months)
    streak = streak_on(day, last)
    points = terms.earned(streak)
    lot = Lot(
        id=derived(command.asked.id, LOT),
        wallet_id=wallet.id,
        asset=unit.asset,
        issuer=GROUP,
        receipt_number=f"check-in {day.isoformat()}",
        earned=points,
        points_left=points,
        earned_at=now,
        available_at=now,
        expires_at=terms.expires_at(now),
        origin=Origin.CHECKIN,
    )
    return _checked_in(books, command, wallet, lot, booked, day, streak)


def _checked_in(
    books: LedgerBooks, command: CheckIn, wallet: Wallet, lot: Lot, booked: Booking, day: date, streak: int
) -> Outcome:
    issued = books.accounts.of(AccountRole.ISSUED, GROUP)
    journal = Journal(
        id=derived(command.asked.id, JOURNAL),
        kind="check-in",
        month=booked.month,
        concerns=booked.concerns,
        occurred_at=lot.earned_at,
        holder_id=wallet.holder_id,
        unit=GROUP,
        sides=(GROUP,),
        subject=command.asked.id,
        transfers=(Transfer(lot.asset, lot.earned, issued, wallet.account, lot.id),),
    )
    version = books.holders[wallet.holder_id] + 1
    answer = _answer(command, lot, day, streak)
    after = after_debts(books, command.asked.id, wallet, (lot,), version, lot.earned_at)
    return Outcome(
        changes=(
            c.HolderTurned(wallet.holder_id, after.version),
            c.JournalPosted(journal),
            *after.changes,
            CheckInKept(
                command.asked.id, wallet.id, day, streak, lot.earned, lot.earned_at, booked.month, answer
            ),
        ),
        answer=answer,
        events=(_announcement(answer, wallet, lot, journal, version), *after.events),
    )


def _answer(command: CheckIn, lot: Lot, day: date, streak: int) -> Mapping[str, Any]:
    return {
        "check_in": shown("chk", command.asked.id),
        "day": day.isoformat(),
        "streak": streak,
        "asset": lot.asset,
        "points": lot.earned,
        "lot": shown("lot", lot.id),
        "expires_at": lot.expires_at,
    }


def _announcement(
    answer: Mapping[str, Any], wallet: Wallet, lot: Lot, journal: Journal, version: int
) -> Announcement:
    data = {
        "journal": shown("jrn", journal.id),
        "holder": shown("hol", wallet.holder_id),
        "wallet": shown("wal", wallet.id),
        "unit": GROUP,
        "day": answer["day"],
        "streak": answer["streak"],
        "asset": lot.asset,
        "points": lot.earned,
        "lot": answer["lot"],
        "expires_at": lot.expires_at,
    }
    return Announcement(
        "points.wallet.checked_in", shown("hol", wallet.holder_id), version, data, lot.earned_at
    )
