"""A draft: a rule version that waits for a second person. Refuses to say when it takes effect."""

from dataclasses import dataclass

from services.points.domain.rulebook import RuleVersion


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule version that waits for approval, or has it."""

    id: str
    version: RuleVersion
    drafted_by: str
    approved_by: str | None
