"""Holders of an installation that is older than their last batch: they get the last there was."""

from contextlib import closing

import psycopg2
from alembic import command
from sqlalchemy import NullPool, create_engine

from shared.runtime.migrations import configured, upgrade
from tests import stack

BEFORE = "0030"


def test_whoever_is_there_was_changed_by_the_last_batch_at_the_latest() -> None:
    """No journal of theirs is of a later one, so the auditor has nothing to object to on the first day."""
    database = stack.postgres().fresh_database("points", migrated=False)
    try:
        config, owner = configured("points"), database.url("owner")
        engine = create_engine(owner.replace("postgresql:", "postgresql+psycopg2:", 1), poolclass=NullPool)
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, BEFORE)
        with closing(psycopg2.connect(database.superuser_url)) as before, before, before.cursor() as cursor:
            cursor.execute("INSERT INTO holders (id, version) VALUES (uuidv7(), 3)")
            cursor.execute("SELECT setval('batch_id', 500)")
        upgrade("points", owner)
        with closing(psycopg2.connect(database.superuser_url)) as after, after, after.cursor() as cursor:
            cursor.execute("INSERT INTO holders (id, version) VALUES (uuidv7(), 0)")
            cursor.execute("SELECT version, batch_id FROM holders ORDER BY version")
            assert cursor.fetchall() == [(0, 0), (3, 500)]
    finally:
        database.drop()
