"""The audit on demand: one at a time, in a thread that nobody waits for, fetched by whoever asks again."""

import asyncio
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from services.points.api.audit import OneAudit
from services.points.domain.auditing import AuditUnderWay

SOON_S = 0.05


class Auditing:
    """An auditor that reads until it is told to end."""

    def __init__(self) -> None:
        self.begun = 0
        self.ends = threading.Event()
        self.fault: Exception | None = None

    def __call__(self) -> Mapping[str, Any]:
        """Read all books."""
        self.begun += 1
        number = self.begun
        assert self.ends.wait(10)
        if self.fault is not None:
            raise self.fault
        return {"number": number}


def test_who_waits_in_vain_fetches_what_was_found_by_asking_again() -> None:
    auditing = Auditing()
    one = OneAudit(auditing, SOON_S)

    async def story() -> None:
        for _ in range(2):
            with pytest.raises(AuditUnderWay):
                await one.report()
        assert auditing.begun == 1
        auditing.ends.set()
        await asyncio.sleep(SOON_S)
        assert await one.report() == {"number": 1}
        # It was fetched: whoever asks now wants to know about now.
        assert await one.report() == {"number": 2}

    asyncio.run(story())


def test_all_who_ask_meanwhile_are_told_the_same() -> None:
    auditing = Auditing()
    one = OneAudit(auditing, 10)

    async def story() -> None:
        asking = [asyncio.create_task(one.report()) for _ in range(5)]
        await asyncio.sleep(SOON_S)
        auditing.ends.set()
        assert await asyncio.gather(*asking) == [{"number": 1}] * 5
        assert auditing.begun == 1

    asyncio.run(story())


def test_an_audit_that_failed_is_begun_anew() -> None:
    auditing = Auditing()
    one = OneAudit(auditing, SOON_S)

    async def story() -> None:
        auditing.fault = ConnectionError("the database is away")
        with pytest.raises(AuditUnderWay):
            await one.report()
        auditing.ends.set()
        await asyncio.sleep(SOON_S)
        auditing.fault = None
        assert await one.report() == {"number": 2}
        auditing.fault = ConnectionError("away again")
        with pytest.raises(ConnectionError):
            await one.report()

    asyncio.run(story())
