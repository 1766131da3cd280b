"""Announce a sheet: a unit's opening balances as a file has them, to be approved by another person."""

from dataclasses import dataclass

from services.points.domain.authority import UnknownUnit
from services.points.domain.books import LedgerBooks
from services.points.domain.opening import Sheet, SheetAnnounced
from shared.kernel.command import Asked, Needs, Outcome
from shared.kernel.ids import shown


@dataclass(frozen=True, slots=True)
class AnnounceSheet:
    """A file of that many lines and points (> 0 both), whose canonical lines have that SHA-256 (hex)."""

    asked: Asked
    unit: str
    digest: str
    lines: int
    points: int

    def needs(self) -> Needs:
        """Need nothing: the sheet is new."""
        return Needs()


def announce_sheet(books: LedgerBooks, command: AnnounceSheet) -> Outcome:
    """Keep the sheet, open.

    :raises UnknownUnit: if there is no such unit now.
    """
    principal = command.asked.principal
    assert principal is not None
    unit = books.rulebook.find_unit(command.unit, books.now)
    if unit is None:
        raise UnknownUnit(unit=command.unit)
    sheet = Sheet(
        command.asked.id,
        command.unit,
        command.digest,
        command.lines,
        command.points,
        principal.subject,
        books.now,
    )
    return Outcome(
        (SheetAnnounced(sheet),),
        {
            "sheet": shown("sht", sheet.id),
            "unit": sheet.unit,
            "asset": unit.asset,
            "digest": sheet.digest,
            "lines": sheet.lines,
            "points": sheet.points,
            "asked_by": sheet.asked_by,
            "approved_by": None,
        },
    )
