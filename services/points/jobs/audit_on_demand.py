"""The audits that somebody asked for: whoever works does them, one at a time over all processes.

One audit answers everybody who asked before it began. Whoever falls in the middle of one leaves questions
that the next one takes up: an audit is under way as long as its connection holds a lock. Refuses to write as
the auditor: the report is kept by the desk's role.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import psycopg2
import structlog
from psycopg2.extensions import connection as Connection

from services.points.jobs.audit import audit_all, is_alone
from services.points.store.audits import begin_asked, end_done, end_failed, is_asked
from shared.runtime.database import outage_behind

log = structlog.get_logger("auditor")


def _nothing(_: str) -> None:
    return None


class AuditorOnDemand:
    """Looks for questions and answers them.

    :param connect: role desk; kept, each statement a transaction.
    :param connect_to_audit: role auditor with `AUDIT_OPTIONS`; open while somebody waits for an audit.
    :param reached: told each named point; tests kill there.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        connect_to_audit: Callable[[], Connection],
        *,
        reached: Callable[[str], None] = _nothing,
    ) -> None:
        self._connect = connect
        self._connect_to_audit = connect_to_audit
        self._reached = reached
        self._desk: Connection | None = None
        self._auditor: Connection | None = None

    def step(self) -> Mapping[str, Any] | None:
        """Audit all books if somebody asked for it and nobody else does so; give what is worth a line."""
        if self._desk is None or self._desk.closed:
            self._desk = self._connect()
            self._desk.autocommit = True
        if not is_asked(self._desk):
            self._let_go()
            return None
        if self._auditor is None or self._auditor.closed:
            self._auditor = self._connect_to_audit()
        if not is_alone(self._auditor):
            return None
        try:
            return self._answered(self._desk, self._auditor)
        finally:
            self._let_go()

    def _answered(self, desk: Connection, auditor: Connection) -> Mapping[str, Any] | None:
        # Noted before the audit chooses its moment: whoever asks from here on waits for another one.
        begun = begin_asked(desk)
        if begun.given_up:
            log.error("audit.given_up", questions=begun.given_up)
        if not begun.questions:
            return None
        self._reached("audit.begun")
        try:
            report = audit_all(auditor)
            self._reached("audit.read")
            end_done(desk, begun.questions, report)
        except Exception as fault:
            # The database may come back, and then it is begun again; a defect would only be met once more.
            if outage_behind(fault) is None:
                end_failed(desk, begun.questions)
            raise
        return {
            "questions": len(begun.questions),
            "rows": report.rows,
            "findings": len(report.findings),
        }

    def _let_go(self) -> None:
        """Hang up as the auditor: whoever reads all books alone does so until then."""
        auditor, self._auditor = self._auditor, None
        if auditor is not None:
            with suppress(psycopg2.Error):
                auditor.close()
