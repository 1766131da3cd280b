"""What must hold of every hold: its slices, its state, and what was captured of it."""

from services.points.domain.looks import HoldLook, Invariant


def _unbooked(one: HoldLook) -> str | None:
    if not one.is_kept:
        return "a journal put points on hold for a hold that is not kept"
    if not one.is_booked:
        return "the journal that placed it is missing"
    if not one.fits:
        return "unit, holder, time or month are not those of its journal, or it was placed for somebody else"
    return None if one.answer_fits else "it was answered otherwise"


def _crooked_slices(one: HoldLook) -> str | None:
    if not one.slices_fit:
        return "its slices are not what its lines took and gave"
    if not one.state_fits:
        return "points are left although it has ended, or none although it is open"
    return None if one.covers else "what is left on hold is worth less than what may still be captured"


def _miscaptured(one: HoldLook) -> str | None:
    if not one.captures_fit:
        return "what was captured is not the sum of its captures, or one of them has no journal"
    return None if one.end_fits else "how and when it ended is not what its journals say"


HOLD_INVARIANTS: tuple[Invariant, ...] = (
    Invariant("a hold has its journal", lambda e: e.holds, _unbooked),
    Invariant("a hold's slices are the sum of its lines", lambda e: e.holds, _crooked_slices),
    Invariant("a hold is captured and ended by its journals", lambda e: e.holds, _miscaptured),
)
