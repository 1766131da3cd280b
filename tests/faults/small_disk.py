"""A PostgreSQL on a disk small enough to be filled: a process with a mount that only it sees.

    python -m tests.faults.small_disk <folder> <megabytes> <port>

Root gets a mount namespace, anybody else one inside a user namespace; nothing is left mounted, whoever is
killed. Obeys the words `fill`, `free` and `revive` on its standard input, a line each, and says `done`. Where
neither is allowed, `DiskInWords` lets an ordinary server say that its disk is full.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from infra.embedded.ports import free_port
from infra.embedded.postgres import Postgres, Setup
from infra.embedded.secrets import Secrets
from infra.embedded.settings import CHECKOUT
from tests.keeper import SERVICES
from tests.stack import Database, TestPostgres, rows

WAYS = (("unshare", "--mount"), ("unshare", "--user", "--map-root-user", "--mount"))
BLOCK = bytes(65_536)


class NoDisk(Exception):
    """This machine lends nobody a small disk."""


class Disk(Protocol):
    """A disk below a server, with one database on it."""

    @property
    def database(self) -> Database:
        """The database on the disk."""

    def fill(self) -> None:
        """Leave no room for tables."""

    def fill_log(self) -> bool:
        """Leave no room for the log either; tell whether that can be had."""

    def free(self) -> None:
        """Make room again, and start the server should it have ended, as a supervisor does."""


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A disk that is full, and the process that holds it."""

    database: Database
    _holder: subprocess.Popen[str]

    def fill(self) -> None:
        """Leave not a byte of room."""
        say(self._holder, "fill")

    def fill_log(self) -> bool:
        """Let the log need its next file now."""
        rows(self.database.superuser_url, "SELECT pg_switch_wal()")
        return True

    def free(self) -> None:
        """Make room again, and start the server should it have ended."""
        say(self._holder, "free")
        say(self._holder, "revive")


SAYING = """
CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER no_room BEFORE INSERT ON lots EXECUTE FUNCTION no_room();
"""


@dataclass(frozen=True, slots=True)
class DiskInWords:
    """A disk of any size whose server says, as it would, that no lot has room any more."""

    database: Database

    def fill(self) -> None:
        """Let the server say so from now on."""
        rows(self.database.superuser_url, SAYING)

    def fill_log(self) -> bool:
        """Leave the log alone: the server is not this test's own."""
        return False

    def free(self) -> None:
        """Let it take lots again."""
        rows(self.database.superuser_url, "DROP TRIGGER no_room ON lots")


def say(holder: subprocess.Popen[str], word: str) -> None:
    """Tell the holder of a disk what to do, and wait until it is done."""
    assert holder.stdin is not None
    assert holder.stdout is not None
    holder.stdin.write(f"{word}\n")
    holder.stdin.flush()
    said = holder.stdout.readline()
    assert said == "done\n", said


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk]:
    """Lend a database on a disk of that size.

    :raises NoDisk: if this machine allows no mount, not even to a namespace of one's own.
    """
    way, port = _way(folder), free_port()
    arguments = [sys.executable, "-m", "tests.faults.small_disk", str(folder), str(megabytes), str(port)]
    with (folder / "small_disk.log").open("ab") as log:
        holder = subprocess.Popen(
            [*way, "--", *arguments],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        say(holder, "revive")
        yield SmallDisk(TestPostgres(folder, port).fresh_database("points"), holder)
    finally:
        assert holder.stdin is not None
        assert holder.stdout is not None
        holder.stdin.close()
        holder.wait(60)
        holder.stdout.close()


def _way(folder: Path) -> tuple[str, ...]:
    """Find out how a mount is to be had here."""
    said = "there is no unshare"
    for way in WAYS:
        if shutil.which(way[0]) is None:
            continue
        mounting = [*way, "--", "mount", "-t", "tmpfs", "tmpfs", str(folder)]
        tried = subprocess.run(mounting, capture_output=True, text=True, check=False)
        if tried.returncode == 0:
            return way
        said = tried.stderr.strip()
    raise NoDisk(said)


def main() -> None:
    """Mount, start the server, and obey."""
    folder, megabytes, port = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    disk = folder / "disk"
    disk.mkdir(exist_ok=True)
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0711", "tmpfs", str(disk)]
    subprocess.run(mounting, check=True)
    secrets = folder / "postgres"
    secrets.mkdir()
    setup = Setup(disk / "cluster", port, folder / "postgres.log")
    server = Postgres(setup, Secrets(secrets / "secrets.json"))
    server.prepare()
    server.start()
    server.furnish(SERVICES)
    for line in sys.stdin:
        _obey(line.strip(), disk / "ballast", server)
        print("done", flush=True)
    server.child.kill()


def _obey(word: str, ballast: Path, server: Postgres) -> None:
    if word == "fill":
        descriptor = os.open(ballast, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for size in (len(BLOCK), 1):
            with contextlib.suppress(OSError):
                while os.write(descriptor, BLOCK[:size]):
                    continue
        os.close(descriptor)
    elif word == "free":
        ballast.unlink()
    elif word == "revive" and not server.child.alive():
        server.start()


if __name__ == "__main__":
    main()
