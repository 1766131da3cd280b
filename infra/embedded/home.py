"""The folder that holds the state of one stack: what lies where, and who may use it now.

Refuses a second supervisor in the same folder.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.embedded.obstacle import Obstacle, disk_full, obstacle_of

# What a first start writes (database, broker, jars, a month of receipts), with air.
_ROOM_BYTES = 1_000_000_000


class AlreadyRunning(Exception):
    """Raised if another supervisor holds the folder."""


@dataclass(slots=True)
class Home:
    """One stack's folder."""

    root: Path
    _lock: int | None = None

    def __post_init__(self) -> None:
        self.root = self.root.expanduser().resolve()

    @property
    def secrets(self) -> Path:
        """The passwords and keys (0600)."""
        return self.root / "secrets.json"

    @property
    def status(self) -> Path:
        """What runs where, for programs to read."""
        return self.root / "status.json"

    @property
    def ports(self) -> Path:
        """The ports that the last start used; the next one takes the same if they are free."""
        return self.root / "ports.json"

    @property
    def first_start(self) -> Path:
        """Which steps of the first start are finished."""
        return self.root / "first-start.json"

    @property
    def welcome(self) -> Path:
        """What the person is told once everything is up; written by a first start."""
        return self.root / "welcome.txt"

    def log(self, part: str) -> Path:
        """Name the log file of one part."""
        return self.root / "logs" / f"{part}.log"

    def folder(self, *names: str) -> Path:
        """Make a folder below this one, if it is not there yet."""
        path = self.root.joinpath(*names)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def enter(self) -> None:
        """Make the folder and hold it until `leave`.

        :raises AlreadyRunning: if another supervisor holds it.
        :raises Obstacle: if it cannot be written or its disk is nearly full.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            # Passable, not readable: the account PostgreSQL borrows under root must reach its own folder.
            self.root.chmod(0o711)
            lock = os.open(self.root / "run.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as refused:
            way_on = "Choose another place with TONGFEN_HOME=/a/folder."
            raise obstacle_of(refused, way_on) from refused
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise AlreadyRunning from None
        self._lock = lock
        if shutil.disk_usage(self.root).free < _ROOM_BYTES:
            raise disk_full(self.root)

    def leave(self) -> None:
        """Let the folder go."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def is_held(self) -> bool:
        """Tell whether a supervisor holds the folder now."""
        try:
            lock = os.open(self.root / "run.lock", os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        except OSError as refused:
            raise obstacle_of(refused) from refused
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(lock)
        return False

    def read(self, path: Path) -> dict[str, Any]:
        """Read one of the folder's JSON files; empty if it is not there or was cut."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def write(self, path: Path, content: dict[str, Any]) -> None:
        """Write one of the folder's JSON files, whole or not at all."""
        fresh = path.with_name(path.name + ".new")
        fresh.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        fresh.replace(path)

    def remove(self) -> None:
        """Remove the folder and all in it.

        :raises AlreadyRunning: if a supervisor holds it.
        :raises Obstacle: if it looks like somebody else's folder, or may not be removed.
        """
        if not self.root.exists():
            return
        # Stacks of replays lie below the one whose state this is.
        folders = [self.root, *self.root.glob("replay/*")]
        if any(Home(folder).is_held() for folder in folders):
            raise AlreadyRunning
        foreign = any(self.root.iterdir()) and not (self.root / "run.lock").exists()
        if foreign and not (self.root / "jars").is_dir():
            raise Obstacle(f"{self.root} does not look like a state folder of Tongfen.", "Remove it by hand.")
        try:
            shutil.rmtree(self.root)
        except OSError as refused:
            raise obstacle_of(refused) from refused
