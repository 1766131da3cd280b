"""How questions for an audit are looked at while many wait: few looks, whatever there was before."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any, cast

import pytest
from psycopg2.extensions import cursor as Cursor

from services.points.domain.auditing import AuditState
from services.points.queries.audits import Watched, audits_seen
from services.points.store.audits import Audits
from shared.runtime.clock import mint_id
from shared.runtime.database import EVERY_UNIT, READING_OPTIONS, connect
from tests.service.points.ledger_house import LedgerHouse

OPERATOR = "operator-1"


class Looks:
    """A cursor that counts what it is asked."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self.count = 0

    def execute(self, sql: str, parameters: object) -> None:
        """Count it, and ask."""
        self.count += 1
        self._cursor.execute(sql, cast(Any, parameters))

    def fetchone(self) -> Any:
        """Give the row."""
        return self._cursor.fetchone()


@pytest.fixture
def audits(fresh: LedgerHouse) -> Audits:
    """Lend the place where audits are asked for, in a house in which nobody has."""
    return Audits(partial(connect, fresh.database.url("desk")))


@contextmanager
def looking(house: LedgerHouse) -> Iterator[Looks]:
    """Look as a reading room does."""
    with closing(connect(house.database.url("reader"), READING_OPTIONS)) as reader:
        reader.autocommit = True
        with reader.cursor() as cursor:
            yield Looks(cursor)


def test_a_crowd_that_waits_for_one_question_is_one_look(fresh: LedgerHouse, audits: Audits) -> None:
    group, office = audits.ask(mint_id(), OPERATOR, None), audits.ask(mint_id(), "finance-office", "office")
    foreign = Watched(group, "office")
    crowd = [Watched(group, EVERY_UNIT), Watched(office, "office"), Watched(group, EVERY_UNIT), foreign] * 16
    with looking(fresh) as looks:
        seen = audits_seen(cast(Cursor, looks), crowd)
    asked = AuditState.ASKED
    assert [one.state if one else None for one in seen] == [asked, asked, asked, None] * 16
    assert looks.count == 3


def rows_read(house: LedgerHouse) -> int:
    """Count the rows of questions that were read so far, one after another or by key."""
    read = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE relname = 'audits'"
    return int(house.rows(read)[0][0])


def test_a_question_is_found_however_many_its_asker_had_before(fresh: LedgerHouse, audits: Audits) -> None:
    fresh.rows(
        "INSERT INTO audits (id, asked_by, state, told_at, ended_at, fetched_at)"
        " SELECT gen_random_uuid(), %s, 'failed', now(), now(), now() FROM generate_series(1, 20000)",
        OPERATOR,
    )
    fresh.rows("ANALYZE audits")
    question = audits.ask(mint_id(), OPERATOR, None)
    audits.put_off(question)
    before = rows_read(fresh)
    assert [audits.ask(mint_id(), OPERATOR, None) for _ in range(3)] == [question] * 3
    ended = "UPDATE audits SET state = 'failed', ended_at = now(), fetched_at = now() WHERE id = %s"
    fresh.rows(ended, question)
    assert audits.ask(mint_id(), OPERATOR, None) != question
    assert rows_read(fresh) - before < 100
