"""Reject a grant or a deduction, or withdraw one's own: nothing has moved, and nothing will."""

from dataclasses import dataclass

from services.points.domain.adjustment import AdjustmentDecided, AdjustmentKind, adjustment_view, rejected
from services.points.domain.authority import UnknownUnit, own_unit_of_staff
from services.points.domain.books import LedgerBooks
from shared.kernel.command import Asked, Needs, Outcome
from shared.kernel.refusal import NotFound


@dataclass(frozen=True, slots=True)
class RejectAdjustment:
    """The request with that canonical id, of that kind, shall never be carried out, and why."""

    asked: Asked
    kind: AdjustmentKind
    adjustment: str
    reason: str

    def needs(self) -> Needs:
        """Need the request; whoever approves it in this moment has its holder locked."""
        return Needs(rows=(("adjustment", self.adjustment),))


def reject_adjustment(books: LedgerBooks, command: RejectAdjustment) -> Outcome:
    """Close the request.

    :raises RequestDecided: if it was approved or rejected before.
    """
    principal = command.asked.principal
    assert principal is not None
    known = books.adjustments.get(command.adjustment)
    if known is None or known.kind is not command.kind:
        raise NotFound()
    own_unit_of_staff(principal, known.unit)
    unit = books.rulebook.find_unit(known.unit, books.now)
    if unit is None:
        raise UnknownUnit(unit=known.unit)
    adjustment = rejected(known, principal.subject)
    return Outcome(
        (AdjustmentDecided(adjustment, books.now, command.reason, None),),
        adjustment_view(adjustment, unit.asset),
    )
