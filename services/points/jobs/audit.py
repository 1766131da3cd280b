"""The auditor: recomputes wallets, lots, nets and statements from journals, and says what it did not look at.

It reads the months without a snapshot from the last one on, and the sealed months one a round; `audit_all`
reads them all. Refuses to mend: it names rows. Its role may read everything and write nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from psycopg2 import errors
from psycopg2.extensions import connection as Connection

from services.points.domain.audit_report import AuditReport, ScopeReport
from services.points.domain.auditing import AuditUnderWay
from services.points.domain.invariants import checked, findings
from services.points.queries.evidence import gathered
from services.points.queries.scope import Scope, closed_scopes, unclosed_scope
from shared.runtime.clock import now
from shared.runtime.database import may_take
from shared.runtime.metrics import LEDGER_IMBALANCE

log = structlog.get_logger("auditor")

AUDIT_S = 600
"""How long one audit may read."""

AUDIT_OPTIONS = (
    f"-c transaction_timeout={AUDIT_S * 1000} -c timezone=UTC -c jit=off -c work_mem=64MB"
    # A month is read whole: a planner that knows nothing of a young partition falls into nested loops.
    " -c enable_nestloop=off"
    # Whoever falls in the middle of a long question leaves it behind: it ends within a second.
    " -c client_connection_check_interval=1000"
)
# All books are read once at a time, in whatever process. A worker holds it longer than one audit lasts, and
# obtains it in that audit once more.
_ONE_AT_A_TIME = "hashtextextended('tongfen audit of all', 0)"
_ALONE = (
    "SET LOCAL lock_timeout = 10000",
    f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})",
    "SET LOCAL lock_timeout = 0",
)
STANDS_STILL_S = 60
"""How long whoever alone audits may ask nothing: longer than it takes to keep a report."""

# Whoever stands still, or whose machine is gone, hangs up only so: the lock is a session's.
_HANGS_UP = "SELECT set_config('idle_session_timeout', %s, false)"
_ALONE_NOW = f"SELECT pg_try_advisory_lock({_ONE_AT_A_TIME})"
NEVER_CHECKED = (
    "answers kept in the inbox (those of receipts and redemptions are)",
    "the sides of journals, by which units may read them",
    "whose a wallet is (member says it by events)",
    "numbers and names that only tell things apart (those of receipts, orders and what came back are)",
    "for which of a person's numbers a hold was placed, and for whom where its number was linked since",
    "what digests of partners' coupons are of (that each issued voucher has one is)",
    "receipts in doubt that led to no receipt (open, rejected), or whose receipt a till told",
    "how much caps of the day and budgets had left when a receipt came (what they cut is)",
    "rules, and who drafted and approved them",
    "declined redemptions one by one (their count is in the statements)",
    "events in outbox and archive",
)


def audit_all(connection: Connection) -> AuditReport:
    """Check every month and every holder, in one snapshot.

    :raises AuditUnderWay: if somebody else does so already.
    """
    try:
        return _audited(connection, lambda closed: closed, holders=True)
    except errors.LockNotAvailable:
        raise AuditUnderWay() from None


def is_alone(connection: Connection) -> bool:
    """Tell whether nobody else audits all books; then nobody does until this connection is closed.

    Whoever stands still between two questions for a minute is hung up on: somebody else may begin then.
    """
    with connection, connection.cursor() as cursor:
        cursor.execute(_HANGS_UP, (f"{STANDS_STILL_S * 1000:.0f}",))
        cursor.execute(_ALONE_NOW)
        return bool(cursor.fetchone()[0])


def audit_once(connection: Connection, turn: int) -> AuditReport:
    """Check the months without a snapshot, and one sealed month: which one follows from the turn."""
    return _audited(connection, lambda closed: closed[turn % len(closed) :][:1] if closed else closed)


def audit_unclosed(connection: Connection) -> AuditReport:
    """Check the months without a snapshot alone: what must hold before one of them is sealed."""
    return _audited(connection, lambda _: ())


def _audited(
    connection: Connection, chosen: Callable[[Sequence[Scope]], Sequence[Scope]], *, holders: bool = False
) -> AuditReport:
    with connection, connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        # As a gate of a seal it reads on the closing job's connection, whose writes must end sooner.
        may_take(cursor, AUDIT_S)
        # The first query is the moment that the whole audit sees, even where that waits for another audit.
        at = now()
        if holders:
            for statement in _ALONE:
                cursor.execute(statement)
        closed = closed_scopes(cursor)
        scopes = chosen(closed)
        reports = [_judged(scope, cursor) for scope in scopes]
        reports.append(_judged(unclosed_scope(cursor), cursor, holders=holders))
    left_out = [scope.name for scope in closed if scope not in scopes]
    missing = () if holders else ("holders' versions against their journals of all months",)
    return AuditReport(at, tuple(reports), (*left_out, *missing, *NEVER_CHECKED))


def _judged(scope: Scope, cursor: Any, *, holders: bool = False) -> ScopeReport:
    evidence = gathered(cursor, scope, holders=holders)
    return ScopeReport(scope.name, checked(evidence), tuple(findings(evidence)))


class Auditor:
    """The auditor of a process: keeps its connection (role auditor, `AUDIT_OPTIONS`) and its turn."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._connection: Connection | None = None
        self._turn = 0

    def step(self) -> Mapping[str, Any]:
        """Go one round; show the number of findings as a measure and each finding as a line of its own."""
        if self._connection is None or self._connection.closed:
            self._connection = self._connect()
        report = audit_once(self._connection, self._turn)
        self._turn += 1
        LEDGER_IMBALANCE.set(len(report.findings))
        for finding in report.findings:
            log.error("audit.finding", invariant=finding.invariant, row=finding.row, told=finding.told)
        return {
            "rows": report.rows,
            "findings": len(report.findings),
            "scopes": [scope.scope for scope in report.scopes],
        }
