"""What must hold of grants and deductions by hand: two persons, and one journal."""

from services.points.domain.act_invariants import bad_act
from services.points.domain.looks import Invariant

ADJUSTMENT_INVARIANTS: tuple[Invariant, ...] = (
    Invariant("a grant or deduction has its journal and two persons", lambda e: e.adjustments, bad_act),
)
