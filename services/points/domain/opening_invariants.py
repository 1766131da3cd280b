"""What must hold of opening balances: each has its journal, and no sheet brings more than it says."""

from services.points.domain.act_invariants import bad_act
from services.points.domain.looks import BalanceLook, Invariant


def _overdrawn(one: BalanceLook) -> str | None:
    return f"{one.difference} points or lines more than two persons agreed on" if one.difference > 0 else None


OPENING_INVARIANTS: tuple[Invariant, ...] = (
    Invariant("an opening balance has its journal and an approved sheet", lambda e: e.openings, bad_act),
    Invariant("no more is brought in than a sheet says", lambda e: e.sheets, _overdrawn),
)
