"""What must hold of refunds: each reverses lines of its own redemption, at their rate, and never too much."""

from services.points.domain.looks import Invariant, RefundLook, ReversalLook


def _bad_refund(one: RefundLook) -> str | None:
    if not (one.is_kept and one.is_booked):
        return "it has no journal" if one.is_kept else "a journal without its refund"
    if not one.amount_fits:
        return "its lines bring back another amount"
    if not one.fits:
        return (
            "unit or time are not its journal's or redemption's, or it does not follow the refunds before it"
        )
    return None if one.answer_fits else "it was answered otherwise"


def _too_much(one: RefundLook) -> str | None:
    return None if one.within_paid or not one.is_kept else "more came back than points had paid"


def _unpaired(one: ReversalLook) -> str | None:
    if not one.is_paired:
        return "it reverses no line of its redemption"
    return None if one.lot_fits else "it went neither to the lot of the line it reverses nor to one beside it"


def _misvalued(one: ReversalLook) -> str | None:
    return None if one.worth_fits or not one.is_paired else "its worth is not that of the line it reverses"


def _over_reversed(one: ReversalLook) -> str | None:
    return None if one.within_worth or not one.is_paired else "the line it reverses came back more than whole"


REFUND_INVARIANTS: tuple[Invariant, ...] = (
    Invariant("a refund brings back what its lines do", lambda e: e.refunds, _bad_refund),
    Invariant("refunds bring back no more than was paid", lambda e: e.refunds, _too_much),
    Invariant("a refund's line reverses a line of its redemption", lambda e: e.reversals, _unpaired),
    Invariant("a reversal is worth what it reverses", lambda e: e.reversals, _misvalued),
    Invariant("a line comes back at most whole", lambda e: e.reversals, _over_reversed),
)
