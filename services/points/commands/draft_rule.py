"""Draft a version of a rule: it waits for a second person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.points.domain import changes as c
from services.points.domain.books import LedgerBooks
from services.points.domain.bounds import check_rule
from services.points.domain.rulebook import RULEBOOK, RuleKind, RuleVersion
from shared.kernel.command import Asked, Needs, Outcome
from shared.kernel.ids import shown


@dataclass(frozen=True, slots=True)
class DraftRule:
    """A version of a rule about a subject (a unit, an asset, the group), in force from `valid_from`."""

    asked: Asked
    kind: RuleKind
    subject: str
    valid_from: datetime
    body: Mapping[str, Any]

    def needs(self) -> Needs:
        """Need the rulebook's row: version numbers follow one another."""
        return Needs(rows=(RULEBOOK,))


def draft_rule(books: LedgerBooks, command: DraftRule) -> Outcome:
    """Keep the draft with the next version number of its kind and subject.

    :raises RuleTooLarge: if a receipt would earn more under it than books can add up.
    :raises RateTooLarge: if a point would be worth more than that.
    """
    assert command.asked.principal is not None
    number = books.next_version(command.kind, command.subject)
    version = RuleVersion(command.kind, command.subject, number, command.valid_from, command.body)
    check_rule(version)
    drafted_by = command.asked.principal.subject
    return Outcome(
        changes=(c.RuleDrafted(command.asked.id, version, drafted_by, books.now),),
        answer={
            "rule": shown("rul", command.asked.id),
            "kind": command.kind.value,
            "subject": command.subject,
            "version": number,
            "state": "draft",
            "valid_from": command.valid_from,
            "drafted_by": drafted_by,
            "body": command.body,
        },
    )
