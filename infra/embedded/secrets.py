"""The passwords and keys of one stack, in one file that only its owner may read. Never prints one."""

from __future__ import annotations

import json
import os
import secrets as randomness
import threading
from pathlib import Path


class Secrets:
    """Hand out the stack's secrets by name; make each one at first need and keep it for ever."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.Lock()

    def of(self, name: str) -> str:
        """Look up one secret: 64 hexadecimal digits, drawn at first need."""
        with self._guard:
            known = self._read()
            if name not in known:
                known[name] = randomness.token_hex(32)
                self._write(known)
            return known[name]

    def staff(self) -> str:
        """Look up what a person on this machine shows to get a token of the staff."""
        return self.of("member.staff")

    def known(self, name: str) -> bool:
        """Tell whether a secret of this name was made before."""
        with self._guard:
            return name in self._read()

    def _read(self) -> dict[str, str]:
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return {str(name): str(secret) for name, secret in content.items()}

    def _write(self, known: dict[str, str]) -> None:
        write_private(self._path, json.dumps(known, indent=1, sort_keys=True) + "\n")


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read (0600), whole or not at all."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
