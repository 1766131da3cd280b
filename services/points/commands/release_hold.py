"""Release a hold: what is left of it goes back to the very lots it came from."""

from dataclasses import dataclass
from datetime import datetime

from services.points.domain.authority import own_unit, stated_time
from services.points.domain.books import LedgerBooks
from services.points.domain.hold import Ended
from services.points.domain.release import released
from shared.kernel.command import Asked, Needs, Outcome
from shared.kernel.refusal import NotFound


@dataclass(frozen=True, slots=True)
class ReleaseHold:
    """The unit that has the hold lets it go."""

    asked: Asked
    hold_id: str
    at: datetime | None = None

    def needs(self) -> Needs:
        """Need the hold, which its holder guards."""
        return Needs(rows=(("hold", self.hold_id),))


def release_hold(books: LedgerBooks, command: ReleaseHold) -> Outcome:
    """Give back whatever was not captured.

    :raises NotFound: if there is no such hold, or it is another unit's.
    :raises HoldBound: if it belongs to a voucher.
    :raises HoldClosed: if it was captured or released before.
    :raises HoldExpired: if its time is over: then its points go back by themselves.
    """
    hold = books.find_hold(command.hold_id)
    if hold is None:
        raise NotFound()
    own_unit(command.asked.principal, hold.unit)
    hold.check_free()
    # A clock that was set back a little must not date a release before its hold.
    at = max(stated_time(command.asked.principal, command.at, books.now), hold.occurred_at)
    hold.check_open(at)
    return released(books, hold, command.asked.id, at, Ended.RELEASED)
