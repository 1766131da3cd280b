"""Makes `.venv` out of requirements.lock: `make setup`. Needs a bare Python 3.11, nothing else.

Refuses a package whose hash is not in the lock, and an environment that may not be whole: the stamp is taken
away before the work begins and put back when it is done.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent

# Runs whatever the length of the path and the blanks in it, unlike a plain first line.
_COMMAND = """#!/bin/sh
'''exec' "{python}" "$0" "$@"
' '''
import sys

from infra.cli.main import app

sys.exit(app())
"""


class Setup:
    """One checkout's virtual environment."""

    def __init__(self, checkout: Path) -> None:
        self._checkout = checkout
        self._lock = checkout / "requirements.lock"
        self._venv = checkout / ".venv"
        self._python = self._venv / "bin" / "python"
        self._stamp = self._venv / "tongfen-setup.json"

    def make(self) -> None:
        """Make the environment, or mend it, or find that nothing is to do."""
        wanted = self._wanted()
        if self._found() == wanted:
            return
        with self._alone():
            found = self._found()
            if found == wanted:
                return
            began = time.monotonic()
            # Without a stamp nobody knows where a cut left it; with another folder or Python it is of no use.
            anew = {**found, "lock": ""} != {**wanted, "lock": ""}
            print(f"{'Making' if anew else 'Updating'} .venv out of requirements.lock.", flush=True)
            self._stamp.unlink(missing_ok=True)
            self._bare_environment()
            self._install(anew=anew)
            self._add_command()
            self._stamp.write_text(json.dumps(wanted), encoding="utf-8")
            print(f".venv is ready after {time.monotonic() - began:.0f} s.", flush=True)

    def _wanted(self) -> dict[str, str]:
        return {
            "lock": hashlib.sha256(self._lock.read_bytes()).hexdigest(),
            "folder": str(self._checkout),
            "python": sys.version,
        }

    def _found(self) -> dict[str, str]:
        try:
            stamp: dict[str, str] = json.loads(self._stamp.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        whole = self._python.exists() and (self._venv / "bin" / "tongfen").exists()
        return stamp if whole else {}

    def _bare_environment(self) -> None:
        if not os.access(self._checkout, os.W_OK):
            give_up(
                f"{self._checkout} may not be written by this user.",
                "Clone it to a folder of your own, then `make setup` there.",
            )
        done = self._venv_with()
        probe = [str(self._python), "-c", "import pip._internal.commands.install"]
        if done.returncode == 0 and subprocess.run(probe, check=False, capture_output=True).returncode != 0:
            # Cut while pip was on its way in: nothing in there can be relied upon.
            done = self._venv_with("--clear")
        if done.returncode != 0:
            said = (done.stdout + done.stderr).strip().splitlines() or ["no reason given"]
            give_up(
                f"{sys.executable} cannot make a virtual environment ({said[-1]}).",
                "On Debian and Ubuntu `apt install python3-venv` helps, or another one: make setup PYTHON=…",
            )

    def _venv_with(self, *options: str) -> subprocess.CompletedProcess[str]:
        arguments = [sys.executable, "-m", "venv", *options, str(self._venv)]
        return subprocess.run(arguments, capture_output=True, text=True, check=False)

    def _install(self, *, anew: bool) -> None:
        """Install every package of the lock by its hash: with uv, out of the same lock, or else with pip."""
        pip = [str(self._python), "-m", "pip", "--disable-pip-version-check", "install", "--no-deps"]
        uv = [str(self._venv / "bin" / "uv"), "pip", "install", "--no-deps", "--compile-bytecode"]
        with self._only_uv() as only_uv:
            self._run([*pip, "--quiet", "--require-hashes", "-r", str(only_uv)])
        again = ["--reinstall"] if anew else []
        demand = ["--require-hashes", "-r", str(self._lock)]
        if self._tried([*uv, "--quiet", "--python", str(self._python), *again, *demand]):
            return
        print("uv could not install everything; pip does it now, which takes longer.", flush=True)
        self._run([*pip, *(["--force-reinstall"] if anew else []), "--quiet", *demand])

    @contextlib.contextmanager
    def _only_uv(self) -> Iterator[Path]:
        lines = self._lock.read_text(encoding="utf-8").splitlines()
        first = next(number for number, line in enumerate(lines) if line.startswith("uv=="))
        stanza = [lines[first]]
        while stanza[-1].endswith("\\"):
            stanza.append(lines[first + len(stanza)])
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "uv.lock"
            path.write_text("\n".join(stanza) + "\n", encoding="utf-8")
            yield path

    def _add_command(self) -> None:
        packages = next((self._venv / "lib").glob("python3.*")) / "site-packages"
        (packages / "tongfen.pth").write_text(f"{self._checkout}\n", encoding="utf-8")
        command = self._venv / "bin" / "tongfen"
        command.write_text(_COMMAND.format(python=self._python), encoding="utf-8")
        command.chmod(0o755)

    def _run(self, arguments: list[str]) -> None:
        if not self._tried(arguments):
            give_up(
                "The packages of requirements.lock did not all arrive.",
                "Check the network to the package index and run `make setup` again; it goes on from here.",
            )

    def _tried(self, arguments: list[str]) -> bool:
        return subprocess.run(arguments, check=False, env=environment()).returncode == 0

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        # A folder can be locked like a file, and leaves no lock file behind.
        folder = os.open(self._checkout, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)


def environment() -> dict[str, str]:
    """Tell uv what this machine told pip: which index to ask and whose certificates to trust."""
    chosen = dict(os.environ)
    for ours, theirs in (("PIP_INDEX_URL", "UV_DEFAULT_INDEX"), ("PIP_CERT", "SSL_CERT_FILE")):
        if ours in chosen:
            chosen.setdefault(theirs, chosen[ours])
    if not os.access(Path.home(), os.W_OK):
        chosen.setdefault("UV_CACHE_DIR", str(CHECKOUT / ".venv" / "cache"))
    return chosen


def give_up(what: str, way_on: str) -> None:
    """Say in two sentences what stands in the way and how to go on, and end."""
    print(f"{what} {way_on}", file=sys.stderr)
    raise SystemExit(1)


if __name__ == "__main__":
    try:
        Setup(CHECKOUT).make()
    except KeyboardInterrupt:
        give_up("Interrupted.", "`make setup` goes on from here.")
    except OSError as refused:
        give_up(
            f"The system refused: {refused}.", "Free some disk or mend the rights, then `make setup` again."
        )
