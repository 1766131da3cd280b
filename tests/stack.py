"""The real components that tests stand on: one PostgreSQL and one Kafka per test run, a database per module.

Nothing is skipped: a component that does not start fails the test that asked for it. No test shares a
database or a topic with another module.

    from tests import stack

    server = stack.postgres()                 # starts it once per run, shared by all workers
    database = server.fresh_database("points")   # 30 ms: a copy of the migrated template
    database.url("desk")                      # postgresql://points_desk:…@127.0.0.1:…/points_…
    stack.kafka()                             # "127.0.0.1:…"
    stack.topic_prefix()                      # a prefix nobody else uses
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import uuid4

import psycopg2

from infra.embedded.postgres import DUTIES, Postgres, Setup
from infra.embedded.secrets import Secrets

_CHECKOUT = Path(__file__).resolve().parent.parent
# A first run fetches Kafka's jars; every later one is up in seconds.
_PATIENCE_S = {"postgres": 60.0, "kafka": 300.0, "group": 400.0}
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Database:
    """One database of one service, migrated, empty, and nobody else's."""

    name: str
    service: str
    server: TestPostgres

    def url(self, duty: str) -> str:
        """Address of this database for a duty: owner, desk, reader, auditor or relay."""
        return self.server.url(self.name, f"{self.service}_{duty}")

    @property
    def urls(self) -> dict[str, str]:
        """Addresses of this database by duty."""
        return {duty: self.url(duty) for duty in DUTIES}

    @property
    def superuser_url(self) -> str:
        """Address of this database for the superuser: for the tests that tamper, never for a service."""
        return self.server.url(self.name, "postgres")

    def drop(self) -> None:
        """Remove the database, whoever is still connected."""
        with self.server.cluster.superuser() as connection, connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')


class TestPostgres:
    """The PostgreSQL of this test run (fsync off: it survives kills of the server, not of the machine)."""

    __test__ = False

    def __init__(self, place: Path, port: int) -> None:
        self._place = place
        self.port = port
        secrets = Secrets(place / "postgres" / "secrets.json")
        self.cluster = Postgres(Setup(place / "postgres" / "cluster", port, Path(os.devnull)), secrets)

    def url(self, database: str, role: str) -> str:
        """Address of a database for a role; a bare duty (`desk`) means the role of the service so named."""
        return self.cluster.url(database, f"{database}_{role}" if role in DUTIES else role)

    def fresh_database(self, service: str, *, migrated: bool = True) -> Database:
        """Make a database from the service's migrated template, or an empty one."""
        name = f"{service}_{os.getpid()}_{next(_numbers)}_{uuid4().hex[:6]}"
        template = self._template(service) if migrated else "template0"
        with self.cluster.superuser() as connection:
            self.cluster.add_database(name, service, connection, template)
        return Database(name, service, self)

    def _template(self, service: str) -> str:
        name = f"{service}_template"
        ready = self._place / f"{name}.ready"
        with _locked(self._place / f"{name}.lock"):
            if not ready.exists():
                self._migrate(name, service)
                ready.touch()
        return name

    def _migrate(self, name: str, service: str) -> None:
        from shared.runtime.migrations import upgrade

        Database(name, service, self).drop()
        with self.cluster.superuser() as connection:
            self.cluster.add_database(name, service, connection)
        upgrade(service, self.cluster.url(name, f"{service}_owner"))


@cache
def postgres() -> TestPostgres:
    """Reach the run's PostgreSQL; whoever asks first starts it."""
    place = _place_of_run()
    return TestPostgres(place, int(str(_found("postgres", place)["port"])))


@cache
def group() -> dict[str, object]:
    """Reach the run's whole stack, seeded, by its addresses and folders; whoever asks first starts it."""
    return _found("group", _place_of_run())


@cache
def kafka() -> str:
    """Reach the run's Kafka, as `host:port`; whoever asks first starts it."""
    return str(_found("kafka", _place_of_run())["bootstrap"])


def topic_prefix() -> str:
    """Make a prefix for topics and consumer groups that no other test uses."""
    return f"t{uuid4().hex[:10]}."


def add_topics(names: list[str], partitions: int = 1) -> None:
    """Make topics on the run's Kafka; names are whole, prefix included."""
    from infra.embedded.topics import add_missing

    add_missing(kafka(), names, partitions)


@contextlib.contextmanager
def database_per_module(service: str) -> Iterator[Database]:
    """Lend a fresh database of a service, for a fixture of scope module; it is dropped at the end."""
    database = postgres().fresh_database(service)
    try:
        yield database
    finally:
        database.drop()


def rows(url: str, statement: str, *parameters: object) -> list[tuple[object, ...]]:
    """Ask a database one question in a connection of its own, committed; no rows for a statement without."""
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters or None)
            return list(cursor.fetchall()) if cursor.description else []
    finally:
        connection.close()


def _place_of_run() -> Path:
    leader, born = _leader(), "0"
    # A process id comes back one day, together with its start it does not.
    with contextlib.suppress(OSError):
        born = Path(f"/proc/{leader}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    place = Path(tempfile.gettempdir()) / f"tongfen-tests-{os.getuid()}" / f"{leader}-{born}"
    place.mkdir(parents=True, exist_ok=True)
    # Passable, so that the account that PostgreSQL borrows under root reaches its folder.
    place.parent.chmod(0o711)
    place.chmod(0o711)
    return place


def _leader() -> int:
    # Workers of pytest-xdist are children of the process that leads the run.
    return os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()


def _found(component: str, place: Path) -> dict[str, object]:
    answer = place / f"{component}.json"
    with _locked(place / f"{component}.lock"):
        if not answer.exists():
            _start(component, place, answer)
    found: dict[str, object] = json.loads(answer.read_text(encoding="utf-8"))
    if "trouble" in found:
        raise RuntimeError(f"{component} of the test run does not start: {found['trouble']}")
    return found


def _start(component: str, place: Path, answer: Path) -> None:
    with (place / f"{component}.keeper.log").open("ab") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.keeper", component, str(place), str(_leader())],
            cwd=_CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + _PATIENCE_S[component]
    while not answer.exists():
        if keeper.poll() is not None or time.monotonic() > deadline:
            words = (place / f"{component}.keeper.log").read_text(encoding="utf-8", errors="replace")
            raise RuntimeError(f"{component} of the test run does not start:\n{words[-3000:]}")
        time.sleep(0.02)
    # It outlives this process on purpose and ends by itself: nobody shall warn of a child still running.
    keeper.returncode = 0


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
