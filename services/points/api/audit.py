"""The audit on demand: operators and finance let the auditor check every month and every holder now.

The worker does it. Large books take minutes, longer than anybody waits for an answer: the audit goes on, and
whoever asks again, through whatever process, gets what it found. Refuses to read the books itself.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from services.points.api.front import unit_seen
from services.points.domain.auditing import AuditFailed, AuditUnderWay, not_yet
from services.points.queries.audits import AuditSeen, Watched
from services.points.store.audits import Audits
from shared.kernel.command import Asked
from shared.kernel.principal import Principal, Role
from shared.kernel.refusal import NotFound
from shared.runtime.database import EVERY_UNIT
from shared.runtime.reading_room import ReadingRoom
from shared.web.door import Call, Door
from shared.web.strict import Nothing
from shared.web.threads import Threads

LOOK_AGAIN_S = 0.1

Report = Mapping[str, Any]


class FindingView(BaseModel):
    """A row that does not add up: which rule of the books, which row, in words.

    Finance is told the rule alone: row and words may be another unit's.
    """

    invariant: str
    row: str | None
    told: str | None


class ScopeView(BaseModel):
    """What was checked in one scope: rows by rule of the books, which finance is not told."""

    scope: str
    checked: dict[str, int]
    findings: int


class AuditView(BaseModel):
    """One audit: sound or not, over how many rows, what was found, and what was not checked.

    `found` says how many findings there are, of which the first hundred are listed.
    """

    at: str
    sound: bool
    rows: int
    found: int
    findings: list[FindingView]
    scopes: list[ScopeView]
    not_checked: list[str]


class AskedAudits:
    """Audits that are asked for through this process: they are rows, done by a worker.

    :param seen: where questions are looked at again while somebody waits.
    :param patience_s: how long one request waits.
    """

    def __init__(
        self, audits: Audits, seen: ReadingRoom[Watched, AuditSeen | None], patience_s: float
    ) -> None:
        self._audits = audits
        self._seen = seen
        self._patience_s = patience_s

    async def report(self, id_: str, principal: Principal, threads: Threads) -> Report:
        """Give what an audit finds that begins from now on, or the one they were told to ask again for.

        :param id_: the id of the question, if it is a new one.
        :raises NotFound: if finance of no unit asks.
        :raises AuditNotBegun: if no worker took it up in time; it stands, to be asked for again.
        :raises AuditUnderWay: if it is not done in time; it goes on.
        :raises AuditFailed: if it could not be done.
        """
        seen_unit = unit_seen(principal)
        if seen_unit is None:
            raise NotFound()
        unit = None if seen_unit == EVERY_UNIT else seen_unit
        question = await threads.run(self._audits.ask, id_, principal.subject, unit)
        watched = Watched(question, seen_unit)
        seen = await self._awaited(watched)
        if seen is None:
            state = await threads.run(self._audits.put_off, question)
            if state is not None:
                raise not_yet(state)
            seen = await self._seen.ask(watched)
        # It has ended; a reader that is behind may not know that yet.
        if seen is None or not seen.state.ended:
            raise AuditUnderWay()
        await threads.run(self._audits.fetched, question)
        if seen.report is None:
            raise AuditFailed()
        return seen.report

    async def _awaited(self, watched: Watched) -> AuditSeen | None:
        """Look until it has ended or patience has: no thread is taken meanwhile."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._patience_s
        while loop.time() < until:
            seen = await self._seen.ask(watched)
            if seen is not None and seen.state.ended:
                return seen
            await asyncio.sleep(LOOK_AGAIN_S)
        return None


def declare(door: Door, audits: AskedAudits) -> None:
    """Declare the audit."""

    @door.get("/audit", takes=Nothing, gives=AuditView, roles=(Role.OPERATOR, Role.FINANCE), conflicts=True)
    async def audit(asked: Asked, query: Nothing, call: Call) -> Report:
        """Recompute wallets, lots, nets and statements of all months from the journals, as of now."""
        report = await audits.report(asked.id, call.principal, call.threads)
        call.note(rows=report["rows"], findings=report["found"])
        return report
