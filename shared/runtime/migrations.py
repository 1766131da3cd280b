"""Alembic, driven from code: a service's migrations run under its owner role before it serves.

Refuses to decide when: the supervisor and the tests call it.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import NullPool, create_engine

from shared.runtime.database import Reader

SERVICES = Path(__file__).resolve().parents[2] / "services"
# A migration that waits for a lock makes everybody wait behind it: it gives up and is tried again.
OPTIONS = {"lock_timeout": "2s", "statement_timeout": "15min"}


def configured(service: str) -> Config:
    """Give the Alembic configuration of a service's migrations folder."""
    config = Config()
    config.set_main_option("script_location", str(SERVICES / service / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def newest(service: str) -> str:
    """Give the revision that this code needs its service's database to have."""
    head = ScriptDirectory.from_config(configured(service)).get_current_head()
    assert head is not None, f"{service} has no migrations"
    return head


def is_migrated(reader: Reader, revision: str) -> bool:
    """Tell whether a service's database has that revision, or a later one."""
    with reader.asked_by() as questions:
        row = questions.row("SELECT version_num FROM alembic_version")
    # A later migration than ours only expands: the code before it goes on serving.
    return row is not None and row.version_num >= revision


def upgrade(service: str, url: str) -> None:
    """Bring a service's database to its newest revision, connected as its owner role.

    :param url: `postgresql://owner:…@host:port/database`.
    """
    options = " ".join(f"-c {name}={value}" for name, value in OPTIONS.items())
    address = url.replace("postgresql://", "postgresql+psycopg2://", 1)
    engine = create_engine(address, poolclass=NullPool, connect_args={"options": options})
    config = configured(service)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()
