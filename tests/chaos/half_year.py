"""Half a year of purchases replayed while 30 parts are killed: the report is the same, byte for byte.

    python -m tests.chaos.half_year [--kills 30] [--to 2017-07-01]

PostgreSQL, Kafka, every process of points, member and the client itself are killed by SIGKILL, each when
points has come as far as the seed says (wallets opened, receipts booked); `TONGFEN_SEED` runs a seed again.
Ends with 1 if the report differs or the auditor finds anything.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from datetime import date
from pathlib import Path

import psycopg2
import stamina

from infra.embedded.settings import CHECKOUT, StackSettings
from infra.embedded.stack import PROFILES, Stack
from infra.replay import dataset
from infra.replay.main import Output, replay
from infra.seed.keys import signer_of
from infra.seed.seed import furnish, keys_of
from services.points.jobs.audit import AUDIT_OPTIONS, audit_all
from shared.runtime.database import connect
from tests.chaos.killing import CLIENT, PARTS, Client, in_turn, kill, seed_of_run
from tests.stack import rows

FIRST = date(2017, 1, 1)
EXPECTED = Path(__file__).parents[1] / "replay" / "expected"
LASTS_S = 1_800.0
COUNT = "SELECT (SELECT count(*) FROM wallets) + (SELECT count(*) FROM receipts)"


def starting(stack: Stack, report: Path, until: date) -> Client:
    """Start the client in a process of its own."""
    arguments = ["--client", stack.address, str(keys_of(stack)), str(report), "--to", until.isoformat()]
    return Client(
        lambda: subprocess.Popen([sys.executable, "-m", "tests.chaos.half_year", *arguments], cwd=CHECKOUT)
    )


def done_by(stack: Stack) -> int:
    """Count the wallets and receipts that points has; none while PostgreSQL is away."""
    try:
        ((count,),) = rows(stack.databases["points"]["auditor"], COUNT)
    except psycopg2.Error:
        return 0
    assert isinstance(count, int)
    return count


def killed_on_the_way(stack: Stack, client: Client, until: date, kills: int, seed: int) -> Counter[str]:
    """Kill a part whenever as much is done as the seed says, until the client has ended."""
    chance, killed = random.Random(seed), Counter[str]()
    order = in_turn(chance, (*PARTS, CLIENT))
    wallets = sum(1 for _ in dataset.households(FIRST, until)) * len(dataset.UNITS)
    total = wallets + dataset.count_receipts(FIRST, until)
    marks = sorted(chance.randrange(total * 99 // 100) for _ in range(kills))
    give_up_at = time.monotonic() + LASTS_S
    while client.process.poll() is None:
        if time.monotonic() > give_up_at:
            raise SystemExit(f"seed {seed}: no report after {LASTS_S:.0f} s")
        found = done_by(stack) if marks else 0
        if marks and found >= marks[0]:
            part = next(order)
            if kill(stack, client, part):
                killed[part] += 1
                marks.pop(0)
                print(f"  {found:>6,} of {total:,} wallets and receipts: {part} killed", flush=True)
        time.sleep(0.05)
    return killed


def survived(folder: Path, until: date, kills: int, seed: int) -> bool:
    """Replay, kill, compare and audit; tell whether all is as it should be."""
    report = folder / "report.json"
    with Stack(folder / "stack", PROFILES["replay"], jars=StackSettings().jar_cache) as stack:
        furnish(stack)
        client = starting(stack, report, until)
        began = time.monotonic()
        try:
            killed = killed_on_the_way(stack, client, until, kills, seed)
        finally:
            client.end()
        same = report.exists() and report.read_bytes() == (EXPECTED / f"{FIRST}_{until}.json").read_bytes()
        with closing(connect(stack.databases["points"]["auditor"], AUDIT_OPTIONS)) as connection:
            audited = audit_all(connection)
    print(
        f"{sum(killed.values())} kills ({dict(killed)}) in {time.monotonic() - began:.0f} s; report"
        f" {'the same, byte for byte' if same else 'DIFFERENT'}; auditor: {len(audited.findings)} findings"
    )
    return same and not audited.findings and sum(killed.values()) == kills


def main() -> int:
    """Run it, or be the client that is killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--to", type=date.fromisoformat, default=date(2017, 7, 1))
    parser.add_argument("--client", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.client:
        address, keys, report = asked.client
        stamina.instrumentation.set_on_retry_hooks(())
        replay(address, signer_of(Path(keys), "importer"), FIRST, asked.to, Output(Path(report)))
        return 0
    seed = seed_of_run()
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="tongfen-chaos-") as folder:
        Path(folder).chmod(0o711)
        return 0 if survived(Path(folder), asked.to, asked.kills, seed) else 1


if __name__ == "__main__":
    sys.exit(main())
