"""What must hold of check-ins: points of the streak's rule, once a business day."""

from services.points.domain.act_invariants import bad_act
from services.points.domain.looks import Invariant

CHECK_IN_INVARIANTS: tuple[Invariant, ...] = (
    Invariant("a check-in has its journal and follows its streak", lambda e: e.check_ins, bad_act),
)
