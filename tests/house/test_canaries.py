"""Every contract of .importlinter bites: all breaches stand in one copied tree, and each is found by name.

The tree gets two services of its own (canary and finch), so the test does not depend on any real service.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("services", "shared", "contracts", "infra", "tests")
ROOMS = ("api", "listeners", "jobs", "web", "commands", "queries", "store", "gateways", "domain")


@dataclass(frozen=True, slots=True)
class Canary:
    """One planted file and the contract that must name it."""

    contract: str
    path: str
    text: str

    @property
    def module(self) -> str:
        """The planted module, as the report names it."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


CANARIES = (
    Canary("1.", "contracts/upward.py", "import shared.kernel.words"),
    Canary("1.", "shared/kernel/upward.py", "import services.canary.domain.song"),
    Canary("1.", "services/canary/jobs/upward.py", "import infra"),
    Canary("1.", "infra/upward.py", "import tests.house"),
    Canary("1b.", "shared/kernel/sideward.py", "import shared.runtime.clock"),
    Canary("1b.", "shared/runtime/sideward.py", "import shared.web"),
    Canary("1b.", "shared/attic/__init__.py", ""),
    Canary("2.", "services/finch/queries/neighbour.py", "import services.canary.domain.song"),
    Canary("3.", "services/canary/api/above.py", "import services.canary.main"),
    Canary("3.", "services/canary/api/beside.py", "import services.canary.jobs.dawn"),
    Canary("3.", "services/canary/commands/above.py", "import services.canary.api.beside"),
    Canary("3.", "services/canary/queries/beside.py", "import services.canary.commands.sing"),
    Canary("3.", "services/canary/store/above.py", "import services.canary.commands.sing"),
    Canary("3.", "services/canary/store/beside.py", "import services.canary.gateways.wire"),
    Canary("3.", "services/canary/domain/above.py", "import services.canary.store.tables"),
    Canary("3.", "services/canary/attic/__init__.py", ""),
    Canary("4.", "services/canary/commands/hum.py", "import services.canary.commands.sing"),
    Canary("5a.", "services/canary/domain/framework.py", "import pydantic"),
    Canary("5a.", "services/canary/domain/driver.py", "import psycopg2"),
    Canary("5a.", "services/canary/domain/timekeeper.py", "import time"),
    Canary("5a.", "services/canary/domain/dice.py", "import random"),
    Canary("5a.", "services/canary/domain/machine.py", "import shared.runtime.clock"),
    Canary("5b.", "shared/kernel/framework.py", "import sqlmodel"),
    Canary("5b.", "shared/kernel/timekeeper.py", "import time"),
    Canary("5b.", "shared/kernel/dice.py", "import uuid"),
    Canary("5b.", "shared/kernel/machine.py", "import shared.runtime.clock"),
    Canary("6.", "services/canary/commands/peek.py", "import services.canary.store.tables"),
    Canary("6.", "services/canary/api/peek.py", "from services.canary.store import tables"),
    Canary("7.", "services/canary/listeners/call.py", "import services.canary.gateways.wire"),
    Canary("7.", "services/canary/api/call.py", "import services.canary.gateways.wire"),
    Canary("8.", "services/canary/jobs/knobs.py", "import services.canary.settings"),
    Canary("8.", "services/canary/store/knobs.py", "import services.canary.settings"),
    Canary("9.", "contracts/framework.py", "import fastapi"),
    Canary("9.", "contracts/driver.py", "import psycopg2"),
)
INNOCENT = {
    "services/canary/main.py": "import services.canary.settings\nimport services.canary.api.webhooks",
    "services/canary/settings.py": "import pydantic_settings",
    "services/canary/api/webhooks.py": "import services.canary.gateways.wire",
    "services/canary/jobs/dawn.py": "import services.canary.gateways.wire",
    "services/canary/commands/sing.py": "import services.canary.store\nimport services.canary.domain.song",
    "services/canary/store/tables.py": "import sqlmodel",
    "services/canary/store/nest.py": "import services.canary.store.tables",
    "services/canary/queries/flock.py": "import services.canary.store.tables",
    "services/canary/gateways/wire.py": "import socket",
    "services/canary/domain/song.py": "import shared.kernel.words",
    "services/finch/main.py": "",
}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Lint one copied tree with everything planted: what is said about each contract, by its number."""
    tree = tmp_path_factory.mktemp("tree")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tree / package, ignore=_all_but_python)
    shutil.copy(ROOT / ".importlinter", tree)
    _plant(tree)
    return _told(tree)


def test_the_contracts_are_all_watched(report: dict[str, str]) -> None:
    assert set(report) == {canary.contract for canary in CANARIES}


@pytest.mark.parametrize("canary", CANARIES, ids=lambda canary: f"{canary.contract}{canary.module}")
def test_each_breach_is_found_by_name(canary: Canary, report: dict[str, str]) -> None:
    assert re.search(rf"\b{re.escape(canary.module)}\b", report[canary.contract]), report[canary.contract]


@pytest.mark.parametrize("path", INNOCENT)
def test_what_is_allowed_is_not_blamed(path: str, report: dict[str, str]) -> None:
    module = path.removesuffix(".py").replace("/", ".")
    imported = [line.split()[-1] for line in INNOCENT[path].splitlines()]
    for told in report.values():
        for target in imported:
            assert f"{module} -> {target} " not in f"{told} ", told


def _all_but_python(folder: str, names: list[str]) -> set[str]:
    return {
        name
        for name in names
        if name == "__pycache__" or not (name.endswith(".py") or Path(folder, name).is_dir())
    }


def _plant(tree: Path) -> None:
    files = {f"services/canary/{room}/__init__.py": "" for room in ROOMS}
    files |= {"services/canary/__init__.py": "", "services/finch/__init__.py": ""}
    files |= {"services/finch/queries/__init__.py": ""} | INNOCENT
    files |= {canary.path: canary.text for canary in CANARIES}
    for path, text in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(f"{text}\n", encoding="utf-8")


def _told(tree: Path) -> dict[str, str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"]
    linted = subprocess.run(
        [*command, "--no-cache", "--no-logo"],
        cwd=tree,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "COLUMNS": "400"},
    )
    assert linted.returncode == 1, linted.stdout + linted.stderr
    return dict(_sections(linted.stdout))


def _sections(text: str) -> Iterator[tuple[str, str]]:
    broken = text.partition("Broken contracts")[2]
    parts = re.split(r"^(\d+\w?\.) .*\n-+\n", broken, flags=re.MULTILINE)
    return zip(parts[1::2], parts[2::2], strict=True)
