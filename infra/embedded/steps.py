"""What a person at the terminal reads while the stack starts and runs: each step with its time, each mishap.

Writes the same lines to logs/supervisor.log. Never stops the stack because nobody listens any more.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO


class Steps:
    """Say what happens, one line each; safe from several threads."""

    def __init__(self, log: Path | None = None, out: TextIO | None = sys.stdout) -> None:
        self._log = log
        self._out = out
        self._guard = threading.Lock()
        self._began = time.monotonic()

    @contextlib.contextmanager
    def step(self, what: str, note: str = "") -> Iterator[None]:
        """Name a step when it is done, with the seconds it took."""
        began = time.monotonic()
        yield
        self.done(what, time.monotonic() - began, note)

    def done(self, what: str, seconds: float, note: str = "") -> None:
        """Name a step that took so many seconds."""
        self.say(f"  {seconds:5.1f} s  {what}{': ' + note if note else ''}")

    def elapsed_s(self) -> float:
        """Measure the seconds since these steps began."""
        return time.monotonic() - self._began

    def say(self, line: str = "") -> None:
        """Say one line."""
        self.say_to_log(line)
        if self._out is not None:
            with self._guard, contextlib.suppress(OSError, ValueError):
                print(line, file=self._out, flush=True)

    def say_to_log(self, text: str) -> None:
        """Write to the log alone what a person at the terminal does not want to read."""
        if self._log is not None:
            with self._guard, contextlib.suppress(OSError):
                self._log.parent.mkdir(parents=True, exist_ok=True)
                with self._log.open("a", encoding="utf-8") as file:
                    file.write(text + "\n")
