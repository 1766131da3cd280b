"""Approve a sheet of opening balances as another person; from then on its lines may be brought in."""

from dataclasses import dataclass

from services.points.domain.adjustment import AnotherPersonNeeded
from services.points.domain.authority import own_unit_of_staff
from services.points.domain.books import LedgerBooks
from services.points.domain.opening import SheetApproved, SheetApprovedAlready
from shared.kernel.command import Asked, Needs, Outcome
from shared.kernel.ids import shown
from shared.kernel.refusal import NotFound


@dataclass(frozen=True, slots=True)
class ApproveSheet:
    """The sheet with that canonical id is right."""

    asked: Asked
    sheet: str

    def needs(self) -> Needs:
        """Need the sheet, locked: one approval, and no line meanwhile."""
        return Needs(rows=(("sheet", self.sheet),))


def approve_sheet(books: LedgerBooks, command: ApproveSheet) -> Outcome:
    """Let the sheet's lines be taken.

    :raises SheetApprovedAlready: if somebody approved it before.
    :raises AnotherPersonNeeded: if the same subject announced it.
    """
    principal = command.asked.principal
    assert principal is not None
    sheet = books.sheets.get(command.sheet)
    if sheet is None:
        raise NotFound()
    own_unit_of_staff(principal, sheet.unit)
    if sheet.approved_by is not None:
        raise SheetApprovedAlready()
    if sheet.asked_by == principal.subject:
        raise AnotherPersonNeeded(asked_by=sheet.asked_by)
    return Outcome(
        (SheetApproved(sheet.id, principal.subject, books.now),),
        {"sheet": shown("sht", sheet.id), "unit": sheet.unit, "approved_by": principal.subject},
    )
