"""Points, PostgreSQL, Kafka and the client are each killed in the middle of January; the report is the same.

The client runs in a process of its own, so that it can be killed like one.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

import psycopg2
import pytest

from infra.embedded.stack import PROFILES, Stack
from infra.replay.main import Output, replay
from infra.seed.keys import signer_of
from infra.seed.seed import furnish, keys_of
from tests.stack import rows

CHECKOUT = Path(__file__).parents[2]
EXPECTED = Path(__file__).parent / "expected" / "2017-01-01_2017-02-01.json"
PATIENCE_S = 120.0
# On a busy machine it takes longer than one of its waits may.
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Bring up a seeded stack for replays."""
    with Stack(tmp_path_factory.mktemp("killed"), PROFILES["replay"]) as stack:
        furnish(stack)
        yield stack


@contextmanager
def client(stack: Stack, report: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the client in a process of its own until the block ends."""
    arguments = [stack.address, str(keys_of(stack)), str(report)]
    process = subprocess.Popen([sys.executable, "-m", "tests.replay.test_survival", *arguments], cwd=CHECKOUT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_killed_parts_and_a_killed_client_change_nothing_in_the_report(stack: Stack, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    with client(stack, report) as running:
        for part, receipts, away_s in (
            ("points", 1_500, 0.0),
            ("postgres", 4_000, 4.0),
            ("kafka", 6_500, 0.0),
        ):
            await_receipts(stack, receipts, running)
            keep_away(stack, part, away_s)
        await_receipts(stack, 9_000, running)
        running.kill()
    assert not report.exists()
    with client(stack, report) as again:
        assert again.wait(PATIENCE_S) == 0
    assert report.read_bytes() == EXPECTED.read_bytes()
    # Kafka may take longer to come back than the client to finish: nobody waits for it.
    deadline = time.monotonic() + PATIENCE_S
    while revived(stack) != {"points", "postgres", "kafka"}:
        assert time.monotonic() < deadline, f"only {revived(stack)} run again"
        time.sleep(0.05)  # between two looks at a condition


def revived(stack: Stack) -> set[str]:
    """Name the parts that were started again."""
    return {name for name, part in stack.parts.items() if part.restarts > 0}


def keep_away(stack: Stack, part: str, away_s: float) -> None:
    """Kill a part, and for so many seconds whatever the supervisor puts in its place.

    PostgreSQL stays away for longer than a desk waits: commands are answered "outcome unknown" then, and
    whoever is obeyed first afterwards must not be somebody who stood behind them.
    """
    deadline = time.monotonic() + away_s
    kill(stack, part)
    while time.monotonic() < deadline:
        time.sleep(0.05)  # stands for the outage itself
        kill(stack, part)


def kill(stack: Stack, part: str) -> None:
    """Kill the process that is a part now, if there is one."""
    process = stack.parts[part].component.child.pid
    if process is not None:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def await_receipts(stack: Stack, wanted: int, running: subprocess.Popen[bytes]) -> None:
    """Wait until points remembers that many receipts, while the client is at work."""
    deadline = time.monotonic() + PATIENCE_S
    while receipts_of(stack) < wanted:
        assert running.poll() is None, "the client ended before it could be killed"
        assert time.monotonic() < deadline, f"no {wanted} receipts in time"
        time.sleep(0.02)  # between two looks at a condition


def receipts_of(stack: Stack) -> int:
    """Count the receipts that points remembers; none while PostgreSQL is away."""
    try:
        ((count,),) = rows(stack.databases["points"]["auditor"], "SELECT count(*) FROM receipts")
    except psycopg2.OperationalError:
        return 0
    assert isinstance(count, int)
    return count


if __name__ == "__main__":
    address, keys, path = sys.argv[1:]
    signer = signer_of(Path(keys), "importer")
    replay(address, signer, date(2017, 1, 1), date(2017, 2, 1), Output(Path(path)))
