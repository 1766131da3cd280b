"""Which revision a service's database must have before the service may answer.

Refuses to load Alembic, which a process that serves does not need: revisions are numbered, and each file of
a migration begins with its own number.
"""

from pathlib import Path

from shared.runtime.database import Reader

SERVICES = Path(__file__).resolve().parents[2] / "services"


def folder(service: str) -> Path:
    """Name the folder of a service's migrations."""
    return SERVICES / service / "migrations"


def newest(service: str) -> str:
    """Give the revision that this code needs its service's database to have."""
    numbers = [file.name.partition("_")[0] for file in (folder(service) / "versions").glob("[0-9]*_*.py")]
    assert numbers, f"{service} has no migrations"
    return max(numbers)


def is_migrated(reader: Reader, revision: str) -> bool:
    """Tell whether a service's database has that revision, or a later one."""
    with reader.asked_by() as questions:
        row = questions.row("SELECT version_num FROM alembic_version")
    # A later migration than ours only expands: the code before it goes on serving.
    return row is not None and row.version_num >= revision
