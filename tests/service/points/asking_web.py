"""A process that answers, as the audit on demand knows it: where it is asked for, and how it waits."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from psycopg2.extensions import connection as Connection

from services.points.api.audit import AskedAudits
from services.points.queries.audits import AuditSeen, Watched, audits_seen
from services.points.store.audits import Audits
from shared.kernel.principal import Principal
from shared.runtime.clock import mint_id
from shared.runtime.database import READING_OPTIONS, connect
from shared.runtime.reading_room import ReadingRoom
from shared.web.threads import Threads
from tests.service.points.ledger_house import LedgerHouse

SOON_S = 0.05
Report = Mapping[str, Any]


class Questions(Audits):
    """Where audits are asked for; `joined` has the question by which each of the askers waits."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        super().__init__(connect)
        self.joined: list[str] = []

    def ask(self, id_: str, by: str, unit: str | None) -> str:
        """Ask, or join those who ask the same."""
        question = super().ask(id_, by, unit)
        self.joined.append(question)
        return question


class Web:
    """A process that answers: where audits are asked for, how it waits, and nothing else."""

    def __init__(self, house: LedgerHouse) -> None:
        url = house.database.url
        self.questions = Questions(partial(connect, url("desk")))
        reading = partial(connect, url("reader"), READING_OPTIONS)
        self.room: ReadingRoom[Watched, AuditSeen | None] = ReadingRoom(audits_seen, reading)
        self.room.start()

    def ask(self, who: Principal, patience_s: float = SOON_S) -> Report:
        """Ask for an audit, wait so long, and give the report or the refusal."""
        asked = AskedAudits(self.questions, self.room, patience_s)
        return asyncio.run(self._asked(asked, who))

    async def _asked(self, asked: AskedAudits, who: Principal) -> Report:
        return await asked.report(mint_id(), who, Threads(1))
