"""What an audit found, and how much of it is told to whom. Refuses to grow with the books: it is a row."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.points.domain.looks import Finding

FINDINGS_TOLD = 100
"""How many findings a report lists; how many there are it says in any case."""

WORDS_MAX = 500
"""How many characters of a row's name, or of what is said of it, are told."""

SCOPES_TOLD = 120
"""How many scopes, mostly of one month, are told one by one: ten years; older ones are added up."""

REPORT_MAX = 1_048_576
"""The largest report in bytes; the database refuses a larger one. What the figures above allow is less."""


@dataclass(frozen=True, slots=True)
class ScopeReport:
    """What was checked in one scope: rows by invariant, and what was found."""

    scope: str
    checked: Mapping[str, int]
    findings: tuple[Finding, ...]

    def told(self) -> dict[str, Any]:
        """Give the scope as what JSON can hold."""
        return {"scope": self.scope, "checked": dict(self.checked), "findings": len(self.findings)}


@dataclass(frozen=True, slots=True)
class AuditReport:
    """One round of the auditor, all of it in one snapshot of the database, as it was `at` that moment."""

    at: datetime
    scopes: tuple[ScopeReport, ...]
    not_checked: tuple[str, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything found, over all scopes."""
        return tuple(finding for scope in self.scopes for finding in scope.findings)

    @property
    def rows(self) -> int:
        """Rows judged, each counted once for every invariant."""
        return sum(sum(scope.checked.values()) for scope in self.scopes)

    def told_to_group(self) -> dict[str, Any]:
        """Give the report as what JSON can hold: rows by name, and how many were checked by which rule."""
        return {
            **self._told(),
            "findings": [
                {"invariant": one.invariant, "row": one.row[:WORDS_MAX], "told": one.told[:WORDS_MAX]}
                for one in self.findings[:FINDINGS_TOLD]
            ],
            "scopes": [scope.told() for scope in _recent(self.scopes)],
        }

    def told_to_unit(self) -> dict[str, Any]:
        """Give the report without what may be another unit's: which row, what of it, how much of what."""
        return {
            **self._told(),
            "findings": [
                {"invariant": one.invariant, "row": None, "told": None}
                for one in self.findings[:FINDINGS_TOLD]
            ],
            "scopes": [{**scope.told(), "checked": {}} for scope in _recent(self.scopes)],
        }

    def _told(self) -> dict[str, Any]:
        return {
            "at": self.at.isoformat(),
            "sound": not self.findings,
            "rows": self.rows,
            "found": len(self.findings),
            "not_checked": list(self.not_checked),
        }


def _recent(scopes: Sequence[ScopeReport]) -> Sequence[ScopeReport]:
    """Give the last scopes one by one, behind one that adds up whatever is older."""
    older, recent = scopes[:-SCOPES_TOLD], scopes[-SCOPES_TOLD:]
    if not older:
        return recent
    checked: Counter[str] = Counter()
    for scope in older:
        checked.update(scope.checked)
    findings = tuple(finding for scope in older for finding in scope.findings)
    return (ScopeReport(f"{older[0].scope}, and so on for {len(older)} in all", checked, findings), *recent)
