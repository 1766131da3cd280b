"""Capture a hold, in part or whole: what was set aside pays the order, settled as a redemption is."""

from dataclasses import dataclass
from datetime import datetime

from services.points.domain.authority import own_unit, stated_time
from services.points.domain.books import LedgerBooks
from services.points.domain.capture import CaptureWish, captured
from services.points.domain.hold import CaptureKnown
from services.points.domain.naming import capture_name
from shared.kernel.command import Asked, Needs, Outcome
from shared.kernel.refusal import NotFound
from shared.kernel.swift import swift


@swift
@dataclass(frozen=True, slots=True)
class CaptureHold:
    """An amount (> 0) of a hold, under a number of the unit's own; a final one lets the rest go."""

    asked: Asked
    hold_id: str
    capture_no: str
    amount_fen: int
    final: bool = False
    at: datetime | None = None

    @property
    def name(self) -> str:
        """The capture's natural name."""
        return capture_name(self.hold_id, self.capture_no)

    @property
    def terms(self) -> str:
        """The request in one word, to tell a repeat from another capture."""
        return f"{self.amount_fen}/{self.final}"

    def needs(self) -> Needs:
        """Need the hold, which its holder guards, and what was captured under that number."""
        return Needs(rows=(("hold", self.hold_id),), facts=(("capture", self.name),))


def capture_hold(books: LedgerBooks, command: CaptureHold) -> Outcome:
    """Take the amount from the hold's points at the rates of the hold's moment, and settle it at once.

    :raises NotFound: if there is no such hold, or it is another unit's.
    :raises CaptureKnown: if the number names a capture of another amount.
    :raises HoldBound: if it belongs to a voucher.
    :raises HoldClosed: if it was captured or released.
    :raises HoldExpired: if its time is over.
    :raises CaptureAboveHold: if less is left.
    """
    hold = books.find_hold(command.hold_id)
    if hold is None:
        raise NotFound()
    own_unit(command.asked.principal, hold.unit)
    known = books.redemptions.get(command.name)
    if known is not None:
        if known.terms != command.terms:
            raise CaptureKnown(capture_no=command.capture_no)
        return Outcome(answer=known.answer)
    hold.check_free()
    # A clock that was set back a little must not date a capture before its hold.
    at = max(stated_time(command.asked.principal, command.at, books.now), hold.occurred_at)
    hold.check_open(at)
    hold.check_capture(command.amount_fen)
    wanted = CaptureWish(
        command.asked.id, command.name, command.terms, command.capture_no, command.amount_fen, command.final
    )
    return captured(books, hold, wanted, at).kept_in(command.asked.id)
