"""Expire a hold: nobody captured or released it in time, so its points go back to the lots they came from."""

from dataclasses import dataclass
from datetime import datetime

from services.points.domain.authority import stated_time
from services.points.domain.books import LedgerBooks
from services.points.domain.hold import Ended
from services.points.domain.release import released
from shared.kernel.command import Asked, Needs, Outcome


@dataclass(frozen=True, slots=True)
class ExpireHold:
    """The hold's time may be over, by the clock or by the stated moment."""

    asked: Asked
    hold_id: str
    at: datetime | None = None

    def needs(self) -> Needs:
        """Need the hold, which its holder guards."""
        return Needs(rows=(("hold", self.hold_id),))


def expire_hold(books: LedgerBooks, command: ExpireHold) -> Outcome:
    """Release what is left, dated at the hold's end; whoever ended it before has won."""
    hold = books.find_hold(command.hold_id)
    now = stated_time(command.asked.principal, command.at, books.now)
    if hold is None or hold.ended_at is not None or now < hold.expires_at:
        return Outcome(answer={"released": []})
    return released(books, hold, command.asked.id, hold.expires_at, Ended.EXPIRED)
