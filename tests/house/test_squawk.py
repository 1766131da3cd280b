"""The SQL of every migration, rendered as Alembic would run it and read by squawk for locks and rewrites."""

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command

from shared.runtime.migrations import OPTIONS, configured
from tests.house.tree import ROOT

SERVICES = sorted(path.parents[1].name for path in ROOT.glob("services/*/migrations/env.py"))
# The transaction around all, and the table in which the revision is kept, are Alembic's own affair.
ALEMBICS = re.compile(r"BEGIN$|COMMIT$|CREATE TABLE alembic_version")
HAZARD = "ALTER TABLE lots ADD COLUMN note text NOT NULL;\nCREATE INDEX lots_note ON lots (note);\n"


def rendered(service: str) -> str:
    """Render all migrations of a service as one SQL text, under the time-outs they run with."""
    config = configured(service)
    config.output_buffer = io.StringIO()
    command.upgrade(config, "head", sql=True)
    statements = config.output_buffer.getvalue().split(";\n")
    return settings() + ";\n".join(one for one in statements if not ALEMBICS.match(one.strip()))


def settings() -> str:
    """Write the time-outs of a migration's connection as SQL."""
    return "".join(f"SET {name} = '{value}';\n" for name, value in OPTIONS.items())


def squawked(sql: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Have squawk read a text under the committed configuration."""
    file = folder / "migration.sql"
    file.write_text(sql, encoding="utf-8")
    squawk = Path(sys.executable).with_name("squawk")
    return subprocess.run(
        [squawk, "--config", ROOT / ".squawk.toml", "--reporter", "gcc", file],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("service", SERVICES)
def test_migrations_hold_nobody_up(service: str, tmp_path: Path) -> None:
    read = squawked(rendered(service), tmp_path)
    assert read.returncode == 0, read.stdout + read.stderr


def test_a_migration_that_holds_everybody_up_is_seen(tmp_path: Path) -> None:
    read = squawked(settings() + HAZARD, tmp_path)
    assert read.returncode != 0
    assert "adding-required-field" in read.stdout
    assert "require-concurrent-index-creation" in read.stdout
