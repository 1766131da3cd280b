"""The neighbour in the database: the least that a ledger can do by itself, driven by PostgreSQL's pgbench.

Four accounts locked in order, one journal, three transfers, their balances, one key that is kept: no lots, no
rules, no event, no answer, no HTTP. In a database of its own in the same server, with the same promises.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

import psycopg2

from infra.bench.load import Failed, Load
from infra.embedded.postgres import programs
from infra.embedded.stack import Stack

NAME = "bench_raw"
ACCOUNTS = 4_000
CLIENTS, THREADS, SECONDS = 16, 1, 3
SCRIPT = Path(__file__).with_name("raw_ledger.pgbench")

_TABLES = """
CREATE TABLE accounts (id bigint PRIMARY KEY, balance bigint NOT NULL) WITH (fillfactor = 70);
CREATE TABLE journals (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text NOT NULL,
    posted_at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE transfers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, journal_id bigint NOT NULL,
    asset text NOT NULL, amount bigint NOT NULL CHECK (amount > 0), from_account bigint NOT NULL,
    to_account bigint NOT NULL);
CREATE INDEX transfers_journal ON transfers (journal_id);
CREATE TABLE keys (name text PRIMARY KEY, answer text NOT NULL);
"""
_TPS = re.compile(r"tps = ([\d.]+)")
_COUNT = re.compile(r"number of transactions actually processed: (\d+)")
_FAILED = re.compile(r"number of failed transactions: (\d+)")
_LATENCY = re.compile(r"latency average = ([\d.]+) ms")


class RawLedger:
    """The raw ledger's database, dropped at the end."""

    def __init__(self, stack: Stack) -> None:
        self._home = stack.superuser("postgres")
        self._own = stack.superuser(NAME)

    def __enter__(self) -> Self:
        self._say(self._home, f"DROP DATABASE IF EXISTS {NAME}", f"CREATE DATABASE {NAME}")
        self._say(
            self._own,
            _TABLES,
            f"INSERT INTO accounts SELECT n, 1000000000 FROM generate_series(1, {ACCOUNTS}) AS n",
            "VACUUM ANALYZE",
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._say(self._home, f"DROP DATABASE {NAME} WITH (FORCE)")

    def drive(self) -> Load:
        """Let 16 clients post for three seconds, their coming in included.

        :raises Failed: if a transaction failed.
        """
        place = urlsplit(self._own)
        command = [str(programs() / "pgbench"), "-n", "-f", str(SCRIPT), f"-c{CLIENTS}", f"-j{THREADS}"]
        command += [f"-T{SECONDS}", "-D", f"accounts={ACCOUNTS}", "-h", str(place.hostname)]
        command += ["-p", str(place.port), "-U", str(place.username), NAME]
        environment = {**os.environ, "PGPASSWORD": unquote(place.password or "")}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        failed = _FAILED.search(done.stdout)
        if done.returncode or failed is None or int(failed.group(1)):
            raise Failed(f"pgbench: {(done.stderr or done.stdout)[-300:]}")
        return load_of(done.stdout)

    @staticmethod
    def _say(url: str, *statements: str) -> None:
        connection = psycopg2.connect(url)
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        connection.close()


def load_of(said: str) -> Load:
    """Read what pgbench says; it knows no p99, so its mean stands there.

    :raises Failed: if it said something else.
    """
    rate, count, latency = _TPS.search(said), _COUNT.search(said), _LATENCY.search(said)
    if rate is None or count is None or latency is None:
        raise Failed(f"pgbench said nothing: {said[-300:]}")
    return Load(float(rate.group(1)), float(latency.group(1)), int(count.group(1)))
