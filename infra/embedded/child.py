"""One process below the supervisor: started in a group of its own, stopped gently, never left behind.

Refuses to decide about restarts; that is the supervisor's.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from infra.embedded.account import Account
from infra.embedded.obstacle import Obstacle, disk_full

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_LOG_LIMIT_BYTES = 20_000_000
# What PostgreSQL adds to its words; the line before has them.
_ASIDES = ("DETAIL:", "HINT:", "CONTEXT:")
_NO_ROOM_BYTES = 50_000_000

# Linux sends the parent-death signal when the *thread* that forked ends, not the process. One thread that
# lives as long as the process forks every child.
_FORKER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="forker")


class Closed(Exception):
    """Raised if somebody starts a child of a stack that is going down."""


@dataclass(slots=True)
class Child:
    """A program to run below this process, and how to end it.

    `gentle` asks it to finish, `patience_s` is how long it may take before the whole group is killed;
    `farewell` is what the kernel sends if this process dies without a word.
    """

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    folder: Path
    account: Account | None = None
    gentle: signal.Signals = signal.SIGTERM
    farewell: signal.Signals = signal.SIGTERM
    patience_s: float = 15.0
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _closed: bool = field(default=False, repr=False)
    _guard: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def pid(self) -> int | None:
        """Process id while it runs, else None."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Start the program; its output goes to the log, after what stands there.

        :raises OSError: if the program cannot be started.
        :raises Closed: if the child was closed for good.
        """
        with self._guard:
            if self._closed:
                raise Closed(self.name)
            _turn_over(self.log)
            self._process = _FORKER.submit(self._fork).result()

    def alive(self) -> bool:
        """Tell whether the program runs."""
        return self._process is not None and self._process.poll() is None

    def wait(self, timeout_s: float | None = None) -> int | None:
        """Wait for the end of the program; its exit code, or None if it still runs after the time."""
        if self._process is None:
            return None
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def stop(self) -> None:
        """Ask the program to finish, and kill its group if it does not in time."""
        if self._process is None:
            return
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(self.gentle)
            self.wait(self.patience_s)
        self.kill()

    def close(self) -> None:
        """Stop the program and refuse to start it ever again: the stack is going down."""
        with self._guard:
            self._closed = True
        self.stop()

    def kill(self, only: int | None = None) -> None:
        """Kill the program and everything in its group at once, if it still runs.

        :param only: the process that is meant, if no later one of the same program is.
        """
        process = self._process
        if process is None or process.poll() is not None or (only is not None and process.pid != only):
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def failure(self, what: str, place: Path) -> Obstacle:
        """Say why the program failed: the end of its log, or that the disk below its folder is full."""
        words = self.last_words()
        if "No space left" in words or shutil.disk_usage(place).free < _NO_ROOM_BYTES:
            return disk_full(place)
        return Obstacle(f"{what}: {words.rstrip('.') or 'it said nothing'}.", f"Its log is {self.log}.")

    def last_words(self) -> str:
        """Quote the last line of the log that says something by itself, for a person who asks why it died."""
        with contextlib.suppress(OSError):
            text = self.log.read_bytes()[-4000:].decode("utf-8", "replace")
            lines = (line.strip() for line in reversed(text.splitlines()))
            return next((line for line in lines if line and not line.startswith(_ASIDES)), "")
        return ""

    def _fork(self) -> subprocess.Popen[bytes]:
        parent = os.getpid()
        farewell = int(self.farewell)

        def tether() -> None:
            # Runs between fork and exec: nothing but system calls.
            if _LIBC is not None:
                _LIBC.prctl(_PR_SET_PDEATHSIG, farewell, 0, 0, 0)
                if os.getppid() != parent:
                    os._exit(1)

        account = self.account
        prefix = account.prefix if account else ()
        switch = account is not None and account.switch
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*prefix, *self.arguments],
                env=dict(self.environment),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=tether,
                user=account.uid if account and switch else None,
                group=account.gid if account and switch else None,
                extra_groups=[] if switch else None,
            )


def _turn_over(log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
        log.replace(log.with_name(log.name + ".1"))


def plain_environment() -> dict[str, str]:
    """Keep of the environment what a program needs to run at all, and nothing that would steer it."""
    keep = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")
    return {name: os.environ[name] for name in keep if name in os.environ}


def wait_until(ready: Callable[[], bool], child: Child, timeout_s: float) -> bool:
    """Wait until a condition holds; give up, with False, when the child ends or the time is over."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if ready():
            return True
        if child.wait(0.05) is not None:
            return False
    return False


def process_state(pid: int) -> str | None:
    """Look up how a process stands: `R`, `S`, `Z` as /proc has it, `?` without /proc, None if gone."""
    with contextlib.suppress(OSError):
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return stat.rpartition(")")[2].split()[0]
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        return "?"
    return "?"
