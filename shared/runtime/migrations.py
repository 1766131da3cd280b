"""Alembic, driven from code: a service's migrations run under its owner role before it serves.

Refuses to decide when: the supervisor and the tests call it.
"""

from alembic import command
from alembic.config import Config
from sqlalchemy import NullPool, create_engine

from shared.runtime.revisions import folder

# A migration that waits for a lock makes everybody wait behind it: it gives up and is tried again.
OPTIONS = {"lock_timeout": "2s", "statement_timeout": "15min"}


def configured(service: str) -> Config:
    """Give the Alembic configuration of a service's migrations folder."""
    config = Config()
    config.set_main_option("script_location", str(folder(service)))
    config.set_main_option("path_separator", "os")
    return config


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
