"""The audit on demand: operators let the auditor check every month and every holder now."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel

from shared.kernel.command import Asked
from shared.kernel.principal import Role
from shared.web.door import Call, Door
from shared.web.strict import Nothing


class FindingView(BaseModel):
    """A row that does not add up: which rule of the books, which row, in words."""

    invariant: str
    row: str
    told: str


class ScopeView(BaseModel):
    """What was checked in one scope: rows by rule of the books."""

    scope: str
    checked: dict[str, int]
    findings: int


class AuditView(BaseModel):
    """One audit: sound or not, over how many rows, what was found, and what was not checked."""

    at: str
    sound: bool
    rows: int
    findings: list[FindingView]
    scopes: list[ScopeView]
    not_checked: list[str]


def declare(door: Door, audited: Callable[[], Mapping[str, Any]]) -> None:
    """Declare the audit."""

    @door.get("/audit", takes=Nothing, gives=AuditView, roles=(Role.OPERATOR,))
    def audit(asked: Asked, query: Nothing, call: Call) -> Mapping[str, Any]:
        """Recompute wallets, lots, nets and statements of all months from the journals, now."""
        report = audited()
        call.note(rows=report["rows"], findings=len(report["findings"]))
        return report
