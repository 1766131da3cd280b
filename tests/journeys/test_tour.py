"""The tour that README and docs offer is walked, in a stack that `tongfen run` brought up from nothing.

Every block of commands is run as it stands; what it prints must look as the page says, where `…` stands for
anything.
"""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.cli.status import look
from infra.embedded.home import Home
from infra.embedded.settings import CHECKOUT, StackSettings

TOUR = CHECKOUT / "docs" / "tour.md"
TONGFEN = CHECKOUT / ".venv" / "bin" / "tongfen"
FIRST_START_S, LAST_WORD_S = 240.0, 60.0
_BLOCK = re.compile(r"```sh\n(?P<commands>.*?)```\n(?:```text\n(?P<shown>.*?)```)?", re.DOTALL)
_END = "=== end of block ==="


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Bring up a stack as a newcomer does, seeded, and take it down with Ctrl-C."""
    root = tmp_path_factory.mktemp("tour") / "home"
    environment = {**os.environ, "TONGFEN_HOME": str(root), "TONGFEN_JARS": str(StackSettings().jar_cache)}
    root.mkdir()
    for folder in (root, *root.parents[:3]):
        # Under root, PostgreSQL borrows an account that must be able to pass.
        folder.chmod(folder.stat().st_mode | 0o111)
    said = root.parent / "said.txt"
    with said.open("w") as out:
        run = subprocess.Popen([TONGFEN, "run"], cwd=CHECKOUT, env=environment, stdout=out, stderr=out)
    try:
        _await_ready(run, Home(root), said)
        yield Home(root)
    finally:
        run.send_signal(signal.SIGINT)
        assert run.wait(LAST_WORD_S) == 0, said.read_text()


def _await_ready(run: "subprocess.Popen[bytes]", home: Home, said: Path) -> None:
    give_up_at = time.monotonic() + FIRST_START_S
    while "Tongfen is ready" not in said.read_text():
        assert run.poll() is None, said.read_text()
        assert time.monotonic() < give_up_at, said.read_text()
        time.sleep(0.2)  # the other side is a process that says when it is ready; there is nothing to await
    assert look(home)["ready"]


@pytest.mark.timeout(FIRST_START_S + 120)
def test_the_tour_works_as_printed(home: Home) -> None:
    blocks = list(_BLOCK.finditer(TOUR.read_text(encoding="utf-8")))
    script = f"\necho '{_END}'\n".join(block["commands"] for block in blocks)
    environment = {**os.environ, "TONGFEN_HOME": str(home.root), "COLUMNS": "200"}
    walked = subprocess.run(
        ["bash", "-c", script], cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False
    )
    assert walked.returncode == 0, walked.stderr
    printed = walked.stdout.split(_END)
    assert len(printed) == len(blocks)
    for block, found in zip(blocks, printed, strict=True):
        _compare(block["shown"] or "", found, block["commands"])


def _compare(shown: str, found: str, commands: str) -> None:
    expected = [line.rstrip() for line in shown.strip().splitlines()]
    lines = [line.rstrip() for line in found.strip().splitlines()]
    assert len(lines) == len(expected), f"{commands}\nprinted:\n{found}"
    for pattern, line in zip(expected, lines, strict=True):
        likeness = ".*".join(re.escape(part) for part in pattern.split("…"))
        assert re.match(likeness, line), f"{commands}\nprinted: {line}\nnot as shown: {pattern}"
