"""What must hold of receipts that were in doubt: what was accepted is what was told."""

from services.points.domain.act_invariants import bad_act
from services.points.domain.looks import Invariant

DOUBT_INVARIANTS: tuple[Invariant, ...] = (
    Invariant("a receipt that was in doubt is the one that was told", lambda e: e.doubts, bad_act),
)
