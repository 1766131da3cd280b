"""Keep what member announces about tiers; a receipt goes by the tier of its purchase, however late it is."""

from dataclasses import dataclass
from datetime import datetime

from services.points.domain import changes as c
from services.points.domain.books import LedgerBooks
from shared.kernel.command import Asked, Needs, Outcome


@dataclass(frozen=True, slots=True)
class KeepTier:
    """A member (`mem_…`) has that tier from `since` on, says member in version `seq` of their story."""

    asked: Asked
    member: str
    tier: int
    since: datetime
    seq: int

    def needs(self) -> Needs:
        """Need the member's holder: nobody of theirs earns while the tier changes."""
        return Needs(rows=(("identity", self.member),))


def keep_tier(_: LedgerBooks, command: KeepTier) -> Outcome:
    """Keep the tier beside the earlier ones; what was earned under those stays as it is."""
    return Outcome((c.TierKept(command.member, command.seq, command.tier, command.since),))
