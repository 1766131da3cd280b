"""Request a grant or a deduction: it waits, with its reason, for another person. Nothing moves yet."""

from dataclasses import dataclass
from datetime import datetime

from services.points.domain.adjustment import (
    Adjustment,
    AdjustmentAsked,
    AdjustmentKind,
    GrantTerms,
    UnknownReceiver,
    adjustment_view,
)
from services.points.domain.amounts import Points
from services.points.domain.authority import UnknownUnit, own_unit_of_staff, stated_time
from services.points.domain.books import LedgerBooks
from services.points.domain.rulebook import RuleKind
from shared.kernel.command import Asked, Needs, Outcome


@dataclass(frozen=True, slots=True)
class RequestAdjustment:
    """Points (> 0) of a unit shall be given to, or taken back from, whoever holds the identity."""

    asked: Asked
    kind: AdjustmentKind
    unit: str
    identity: str
    points: int
    reason: str
    at: datetime | None = None

    def needs(self) -> Needs:
        """Need to know whether the identity has a wallet; a slip of the pen must not open one."""
        return Needs(facts=(("known", self.identity),))


def request_adjustment(books: LedgerBooks, command: RequestAdjustment) -> Outcome:
    """Keep the request, open.

    :raises UnknownReceiver: if points never heard of the identity.
    :raises AboveGrantLimit: if it is worth more than one request may be.
    """
    principal = command.asked.principal
    assert principal is not None
    own_unit_of_staff(principal, command.unit)
    now = stated_time(principal, command.at, books.now)
    unit = books.rulebook.find_unit(command.unit, now)
    if unit is None:
        raise UnknownUnit(unit=command.unit)
    if command.identity not in books.known:
        raise UnknownReceiver()
    terms: GrantTerms = books.rulebook.group_rule(RuleKind.GRANT, now)
    terms.check(books.rulebook.rate(unit.asset, now).worth(command.points))
    adjustment = Adjustment(
        id=command.asked.id,
        kind=command.kind,
        unit=command.unit,
        identity=command.identity,
        points=Points(command.points),
        reason=command.reason,
        asked_by=principal.subject,
        asked_at=now,
    )
    return Outcome((AdjustmentAsked(adjustment),), adjustment_view(adjustment, unit.asset))
