"""F2 and more: 64 clients at work while parts are killed; nothing acknowledged is lost, nothing is doubled.

`TONGFEN_CHAOS_S` says how long (`make chaos`: 600 s), a kill every 10 s; in the middle a month is closed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import orjson
import psycopg2
import pytest

from infra.embedded.settings import CHECKOUT
from infra.embedded.stack import Stack
from services.points.domain.audit_report import AuditReport
from services.points.jobs.audit import AUDIT_OPTIONS, audit_all
from shared.kernel.calendar import month_after, month_of
from shared.runtime.clock import now
from shared.runtime.database import connect
from tests.chaos.killing import CLIENT, PARTS, Client, killed_until, seed_of_run
from tests.chaos.load import OVER, PASSING, persons
from tests.chaos.model import Books, Diary, Done
from tests.chaos.verbs import VERBS, added_up
from tests.journeys.group import Group, own_group, until

LASTS_S = float(os.environ.get("TONGFEN_CHAOS_S", "14"))
EVERY_S = min(10.0, LASTS_S / 4)
PATIENCE_S = 120.0 + LASTS_S
"""Whoever looks at all books, before a seal or at the end, needs the longer the more was done."""

UNITS = ("office", "property", "hotel")
ASKED_AGAIN = 60
WARM = 100
"""So many answers are given before the first kill, and four times as many before it is over."""

OF_RUN = "SELECT holder_id FROM wallets WHERE identity LIKE %s"
POINTS = """
    SELECT split_part(n.identity, ':', 2), l.asset, sum(l.points_left)::bigint FROM wallets n
    JOIN wallets w ON w.holder_id = n.holder_id JOIN lots l ON l.wallet_id = w.id
    WHERE n.identity LIKE %s GROUP BY 1, 2 HAVING sum(l.points_left) > 0
"""
HELD = """
    SELECT split_part(n.identity, ':', 2), l.asset, sum(s.points_left)::bigint FROM wallets n
    JOIN wallets w ON w.holder_id = n.holder_id JOIN lots l ON l.wallet_id = w.id
    JOIN hold_slices s ON s.lot_id = l.id
    WHERE n.identity LIKE %s GROUP BY 1, 2 HAVING sum(s.points_left) > 0
"""
OWED = f"""
    SELECT f.unit, t.unit, sum(x.amount)::bigint / 100 FROM transfers x
    JOIN accounts f ON f.id = x.from_account AND f.role = 'clearing'
    JOIN accounts t ON t.id = x.to_account AND t.role = 'clearing'
    JOIN journals j ON j.id = x.journal_id AND j.month = x.month
    WHERE j.holder_id IN ({OF_RUN}) GROUP BY 1, 2
"""
ROWS = {
    table: f"SELECT count(*) FROM {table} WHERE holder_id IN ({OF_RUN})"
    for table in ("redemptions", "holds", "exchanges")
} | {
    "receipts": "SELECT count(*) FROM receipts WHERE 'office:' || upper(number) LIKE %s",
    "refunds": "SELECT count(*) FROM refunds f JOIN redemptions r ON r.id = f.redemption_id"
    f" WHERE r.holder_id IN ({OF_RUN})",
    "quotes": "SELECT count(*) FROM quotes WHERE identity LIKE %s",
}
"""How many rows a table has of a run's persons."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Group, Stack]]:
    """Bring up a group whose parts are going to be killed."""
    with own_group(tmp_path_factory.mktemp("chaos"), durable=True) as (group, stack):
        group.open_months()
        yield group, stack


def introduced(group: Group, tag: str) -> None:
    """Register the persons of a run, with one number at all units, and wait until points knows them."""
    numbers = persons(tag)
    people = [{"reference": one, "numbers": dict.fromkeys(UNITS, one)} for one in numbers]
    answer = group.system("importer").post("/member/v1/persons/bulk", {"persons": people}, f"{tag}-persons")
    assert {one["status"] for one in answer.json()["results"]} <= {200, 201}, answer.text
    linked = "SELECT count(*) FROM wallets WHERE identity LIKE %s AND holder_id <> first_holder_id"
    until(lambda: group.rows("points", linked, f"%:{tag}-%") == [(len(numbers) * len(UNITS),)], 60.0)


def crowd(group: Group, folder: Path, tag: str) -> Client:
    """Start the clients, in a process of their own."""
    folder.mkdir()
    arguments = [group.address, str(group.found["keys"]), str(folder), tag]

    def starting() -> subprocess.Popen[bytes]:
        with (folder / "said.txt").open("ab") as said:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.load", *arguments], cwd=CHECKOUT, stderr=said
            )

    return Client(starting)


def answers(folder: Path) -> int:
    """Count what the clients have written down so far."""
    return sum(path.read_bytes().count(b"\n") for path in folder.glob("*.jsonl")) // 2


def closed(group: Group) -> str:
    """Close last month as an importer, who asks until it is taken."""
    month = f"{month_after(month_of(now()), -1):%Y-%m}"

    def taken() -> bool:
        answer = group.system("importer").post(f"/points/v1/months/{month}/close", {}, f"chaos-{month}")
        assert answer.status_code < 500 or answer.status_code == 503, answer.text
        return answer.is_success

    until(taken, PATIENCE_S)
    return month


def settled(group: Group, month: str) -> None:
    """Wait until a month is sealed and its statements are issued."""

    def issued() -> bool:
        # Who signs need not sign in again, however long the crowd has been at work.
        answer = group.system("importer").get(f"/points/v1/months/{month}")
        assert answer.is_success or answer.status_code >= 500, answer.text
        return answer.is_success and bool(answer.json()["statements_issued"])

    until(issued, PATIENCE_S)


def compare(group: Group, tag: str, books: Books) -> dict[str, int]:
    """Compare the ledger with the clients' own books, to the point and the fen; give how much there was."""

    def found(question: str) -> list[Any]:
        return group.rows("points", question, f"office:{tag}-%", duty="auditor")

    points = {(person, asset): count for person, asset, count in found(POINTS)}
    assert points == {place: count for place, count in books.points.items() if count}
    held = {(person, asset): count for person, asset, count in found(HELD)}
    assert held == {place: count for place, count in books.held.items() if count}
    owed = {(a, b): fen for a, b, fen in found(OWED)}
    assert owed == {pair: fen for pair, fen in books.owed_fen.items() if fen}
    rows = {table: found(question)[0][0] for table, question in ROWS.items()}
    assert rows == {table: books.rows[table] for table in ROWS}
    return {
        "points": sum(points.values()),
        "held": sum(held.values()),
        "owed_fen": sum(owed.values()),
        "pairs": len(owed),
    }


def again(group: Group, one: Done) -> httpx2.Response | None:
    """Ask once more under the same key; nothing where a part is still coming back."""
    try:
        answer = group.system(one.wish.signer).post(one.wish.path, one.wish.body, one.key)
    except httpx2.TransportError:
        return None
    return None if answer.status_code in PASSING else answer


def ask_again(group: Group, done: Sequence[Done]) -> None:
    """Ask some of it again under the same keys: the answers are the same, and nothing more happens."""
    for one in done[:: max(1, len(done) // ASKED_AGAIN)]:
        answer = until(partial(again, group, one), PATIENCE_S)
        assert answer is not None
        # A problem names the request that it answers; all else is the first answer.
        told = {name: value for name, value in orjson.loads(answer.content).items() if name != "instance"}
        first = {name: value for name, value in one.answer.items() if name != "instance"}
        assert (answer.status_code, told) == (one.status, first)
        assert answer.headers["idempotent-replayed"] == "true"


@pytest.mark.timeout(4 * LASTS_S + 500)
@pytest.mark.parametrize(
    ("tag", "parts"), [("F2", ("postgres",)), ("ALL", (*PARTS, CLIENT))], ids=["postgres", "every part"]
)
def test_nothing_is_lost_or_doubled_whoever_is_killed(
    running: tuple[Group, Stack], tmp_path: Path, tag: str, parts: tuple[str, ...]
) -> None:
    group, stack = running
    seed = seed_of_run()
    print(f"seed {seed}")
    introduced(group, tag)
    folder = tmp_path / "diaries"
    client = crowd(group, folder, tag)
    try:
        until(lambda: answers(folder) >= WARM, PATIENCE_S)
        began = time.monotonic()
        killed = killed_until(stack, client, began + LASTS_S / 2, EVERY_S, seed, parts)
        month = closed(group) if tag == "ALL" else None
        killed += killed_until(stack, client, began + LASTS_S, EVERY_S, seed + 1, parts)
        until(lambda: answers(folder) >= 4 * WARM or client.process.poll(), PATIENCE_S)
        (folder / OVER).touch()
        assert client.process.wait(PATIENCE_S) == 0, (folder / "said.txt").read_text()
    finally:
        client.end()
    if month is not None:
        settled(group, month)
    done = [one for path in folder.glob("*.jsonl") for one in Diary(path).done]
    books = added_up(done)
    ask_again(group, done)
    compared = compare(group, tag, books)
    sound(group)
    print(f"killed {dict(killed)}; {tallied(books.counts)}; {compared}; 0 lost, 0 doubled")
    assert sum(killed.values()) >= 2
    assert all(books.counts[f"{verb} done"] >= 5 for verb in VERBS), "the crowd hardly worked"


def sound(group: Group) -> None:
    """Let the auditor look at all books, however long that takes after so much work."""
    url = group.found["databases"]["points"]["auditor"]

    def audited() -> AuditReport | None:
        try:
            with closing(connect(url, AUDIT_OPTIONS)) as connection:
                return audit_all(connection)
        except psycopg2.OperationalError:
            return None

    report = until(audited, PATIENCE_S)
    assert report is not None
    assert report.findings == ()


def tallied(counts: Counter[str]) -> str:
    """Say what was done how often."""
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
