"""The audit on demand: operators let the auditor check every month and every holder now.

Large books take minutes, longer than anybody waits for an answer: the audit goes on, and whoever asks again
gets what it found. Refuses to read the books twice at a time, or in a thread that others wait for.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from pydantic import BaseModel

from services.points.domain.auditing import AuditUnderWay
from shared.kernel.command import Asked
from shared.kernel.principal import Role
from shared.web.door import Call, Door
from shared.web.strict import Nothing

PATIENCE_S = 15.0
"""How long one request waits for the audit; clients of the house hang up after 30 s."""

KEPT_S = 600.0
"""How long a report that nobody fetched is kept for whoever asks next; it says which moment it saw."""

Report = Mapping[str, Any]


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


class OneAudit:
    """The audit that a process has under way or has done, for whoever asks.

    :param audited: reads all books, which takes minutes where they are large.
    :param patience_s: how long whoever asks waits for it.
    """

    def __init__(self, audited: Callable[[], Report], patience_s: float = PATIENCE_S) -> None:
        self._audited = audited
        self._patience_s = patience_s
        self._last: asyncio.Future[_Found] | None = None

    async def report(self) -> Report:
        """Give what the audit under way finds, or the last one found that nobody fetched; else begin one.

        :raises AuditUnderWay: if it is not done in time; it goes on.
        """
        last = self._last
        if last is None or _is_of_no_use(last):
            last = self._last = self._begun()
        done, _ = await asyncio.wait((last,), timeout=self._patience_s)
        if not done:
            raise AuditUnderWay()
        if self._last is last:
            self._last = None
        return last.result().report

    def _begun(self) -> "asyncio.Future[_Found]":
        """Begin one in a thread of its own, for which a process that is told to end does not wait."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_Found] = loop.create_future()
        # Whoever waited may be gone when it fails: then the next one lets it be done again.
        future.add_done_callback(lambda done: done.cancelled() or done.exception())

        def run() -> None:
            try:
                found = _Found(self._audited(), time.monotonic())
            except Exception as fault:  # noqa: BLE001 - whatever it is, whoever asked is told
                tell = partial(future.set_exception, fault)
            else:
                tell = partial(future.set_result, found)
            # The loop is closed, or the future was given up, where the process has ended meanwhile.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(lambda: future.done() or tell())

        threading.Thread(target=run, name="audit", daemon=True).start()
        return future


class _Found(NamedTuple):
    """What an audit found, and when it had ended (monotonic seconds)."""

    report: Report
    ended: float


def _is_of_no_use(last: "asyncio.Future[_Found]") -> bool:
    """Tell whether it failed, or was done too long ago."""
    if not last.done():
        return False
    return last.cancelled() or last.exception() is not None or time.monotonic() - last.result().ended > KEPT_S


def declare(door: Door, audited: Callable[[], Report]) -> None:
    """Declare the audit."""
    one = OneAudit(audited)

    @door.get("/audit", takes=Nothing, gives=AuditView, roles=(Role.OPERATOR,))
    async def audit(asked: Asked, query: Nothing, call: Call) -> Report:
        """Recompute wallets, lots, nets and statements of all months from the journals, now."""
        report = await one.report()
        call.note(rows=report["rows"], findings=len(report["findings"]))
        return report
