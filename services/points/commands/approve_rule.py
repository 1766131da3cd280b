"""Approve a drafted rule as the second person; from its `valid_from` on it is in force."""

from dataclasses import dataclass

from services.points.domain import changes as c
from services.points.domain.approval import RuleApprovedAlready, check_approval
from services.points.domain.arbitrage import check_trips
from services.points.domain.authority import UnknownUnit
from services.points.domain.books import LedgerBooks
from services.points.domain.bounds import check_rule
from services.points.domain.rulebook import RATE_KINDS, RULEBOOK, merged, units_named
from shared.kernel.command import Announcement, Asked, Needs, Outcome
from shared.kernel.ids import shown
from shared.kernel.refusal import NotFound


@dataclass(frozen=True, slots=True)
class ApproveRule:
    """The draft with that canonical id is to take effect."""

    asked: Asked
    rule_id: str

    def needs(self) -> Needs:
        """Need the rulebook's row, and the draft."""
        return Needs(rows=(RULEBOOK,), facts=(("rule", self.rule_id),))


def approve_rule(books: LedgerBooks, command: ApproveRule) -> Outcome:
    """Put the version into the rulebook.

    :raises RuleApprovedAlready: if somebody approved it before.
    :raises RuleTooLarge: if a receipt would earn more under it than books can add up.
    :raises RateTooLarge: if a point would be worth more than that.
    :raises ProfitableRoundTrip: if it is a rate under which exchanging there and back would gain.
    :raises UnknownUnit: if it speaks of a unit that there is not when it begins.
    """
    assert command.asked.principal is not None
    approved_by = command.asked.principal.subject
    draft = books.drafts.get(command.rule_id)
    if draft is None:
        raise NotFound()
    if draft.approved_by is not None:
        raise RuleApprovedAlready(approved_by=draft.approved_by)
    version = draft.version
    check_approval(
        draft.drafted_by, approved_by, version.valid_from, books.now, journals_exist=books.journals_exist
    )
    check_rule(version)
    if version.kind in RATE_KINDS:
        check_trips(merged(books.rulebook, (version,)), version)
    for unit in units_named(version):
        if books.rulebook.find_unit(unit, version.valid_from) is None:
            raise UnknownUnit(unit=unit)
    rule = shown("rul", draft.id)
    announced = {
        "rule": rule,
        "kind": version.kind.value,
        "version": version.version,
        "valid_from": version.valid_from,
    }
    return Outcome(
        changes=(c.RuleApproved(draft.id, version, approved_by, books.now),),
        answer={**announced, "subject": version.subject, "state": "approved", "approved_by": approved_by},
        events=(Announcement("points.rule.approved", rule, 1, announced, books.now),),
    )
