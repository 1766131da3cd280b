"""F15: the disk fills under work, first for tables, then for the log: 503 until there is room, no harm."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests import stack
from tests.faults.points_process import PointsHouse, Process, asked_until_told, receipt, story
from tests.faults.small_disk import Disk, DiskInWords, NoDisk, small_disk
from tests.service.points.closing_room import audited
from tests.service.points.soundness import unsound

pytestmark = pytest.mark.timeout(300)
RECEIPTS = "/points/v1/receipts"
FULL_S = float(os.environ.get("TONGFEN_FAULTS_FULL_S", "2"))
"""How long work goes on with no room for tables, and again with none for the log; `make faults` says 20."""

MEGABYTES, CLIENTS, PAUSE_S = 256, 8, 0.05
Asked = tuple[str, dict[str, Any], dict[str, Any] | None]
"""Key and body, and the answer if it was done."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Lend a database on a small disk; where none may be mounted, on one that is full in words."""
    tmp_path.chmod(0o711)
    try:
        with small_disk(tmp_path, MEGABYTES) as lent:
            yield lent
    except NoDisk as why:
        print(f"F15: no small disk can be mounted here ({why}): a server says instead that its disk is full")
        with stack.database_per_module("points") as database:
            yield DiskInWords(database)


class Work:
    """Clients that report receipts one after the other, each receipt once, and note what they were told."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.asked: list[Asked] = []
        self.said: Counter[tuple[int, str]] = Counter()

    def go_on(self, seconds: float, tag: str) -> Counter[tuple[int, str]]:
        """Work for a while; give how often which answer came."""
        said, until = Counter[tuple[int, str]](), time.monotonic() + seconds
        with ThreadPoolExecutor(CLIENTS) as pool:
            for one in pool.map(lambda client: self._client(f"{tag}-{client}", until), range(CLIENTS)):
                said += one
        return said

    def _client(self, tag: str, until: float) -> Counter[tuple[int, str]]:
        said, count = Counter[tuple[int, str]](), 0
        while not count or time.monotonic() < until:
            count += 1
            key, body = f"{tag}-{count}", receipt(tag, f"{tag}-{count}")
            answer = self._process.caller.post(RECEIPTS, body, key)
            said[answer.status_code, answer.json().get("code", "ok")] += 1
            if answer.status_code == 503:
                assert answer.headers["retry-after"].isdecimal()
                time.sleep(PAUSE_S)
            self.asked.append((key, body, story(answer) if answer.status_code == 201 else None))
        return said

    def ask_again(self, asked: Asked) -> tuple[httpx2.Response | None, dict[str, Any] | None]:
        """Ask under the same key until there is an answer; give it beside the first."""
        key, body, first = asked
        return asked_until_told(self._process, RECEIPTS, body, key), first


def test_a_full_disk_is_answered_503_and_costs_nobody_anything(disk: Disk, tmp_path: Path) -> None:
    database = disk.database
    house = PointsHouse(database, tmp_path)
    with house.process("web") as process:
        work = Work(process)
        said = {"with room": work.go_on(0.5, "before")}
        disk.fill()
        said["no room for tables"] = work.go_on(FULL_S, "tables")
        if disk.fill_log():
            said["no room for the log"] = work.go_on(FULL_S, "log")
        disk.free()
        with ThreadPoolExecutor(CLIENTS) as pool:
            again = list(pool.map(work.ask_again, list(work.asked)))
        said["with room again"] = work.go_on(0.5, "after")
    house.ledger.close()
    print("F15:", "; ".join(f"{name} {dict(codes)}" for name, codes in said.items()))
    assert set(said["with room"]) == set(said["with room again"]) == {(201, "ok")}
    for name in said.keys() - {"with room", "with room again"}:
        assert {status for status, _ in said[name]} <= {201, 503}
        assert sum(count for (status, _), count in said[name].items() if status == 503) > 0
    answers = [(story(answer), first) for answer, first in again if answer is not None]
    assert len(answers) == len(again)
    assert all(first is None or first == told for told, first in answers), "an answer that stood has changed"
    assert {told.get("points") for told, _ in answers} == {100}
    ((kept, points),) = stack.rows(database.superuser_url, "SELECT count(*), sum(points) FROM receipts")
    assert (kept, points) == (len(work.asked), 100 * len(work.asked))
    assert unsound(database) == {}
    assert audited(database).findings == ()
    print(f"F15: {kept} receipts asked for, {kept} kept once; books sound")
