"""Reject a receipt in doubt: it earns nothing, and whoever told it reads why."""

from dataclasses import dataclass

from services.points.domain.authority import own_unit_of_staff
from services.points.domain.books import LedgerBooks
from services.points.domain.doubt import DoubtTurned, rejected
from shared.kernel.command import Asked, Needs, Outcome
from shared.kernel.ids import shown
from shared.kernel.refusal import NotFound


@dataclass(frozen=True, slots=True)
class RejectDoubt:
    """The doubt with that canonical id about the receipt of that natural name shall earn nothing."""

    asked: Asked
    doubt: str
    name: str
    reason: str

    def needs(self) -> Needs:
        """Need the receipt's name, which guards all that was told of it."""
        return Needs(naturals=(self.name,), facts=(("doubts", self.name),))


def reject_doubt(books: LedgerBooks, command: RejectDoubt) -> Outcome:
    """Close the doubt.

    :raises DoubtDecided: if it was settled or decided before.
    """
    principal = command.asked.principal
    assert principal is not None
    known = next((one for one in books.doubts_of(command.name) if one.id == command.doubt), None)
    if known is None:
        raise NotFound()
    own_unit_of_staff(principal, known.unit)
    doubt = rejected(known, principal.subject, command.reason)
    return Outcome(
        (DoubtTurned(doubt, books.now),),
        {"doubt": shown("dbt", doubt.id), "state": doubt.state.value, "decided_by": principal.subject},
    )
