"""What must hold of gifts: what leaves the giver's lots is in the receiver's, with issuer and end."""

from services.points.domain.act_invariants import bad_act
from services.points.domain.looks import Invariant

GIFT_INVARIANTS: tuple[Invariant, ...] = (
    Invariant("a gift passes whole, from lot to lot", lambda e: e.gifts, bad_act),
)
