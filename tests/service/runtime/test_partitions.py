"""What is kept by age is split by the event's id, so that an event sent again meets the one heard first."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg2
import pytest
from psycopg2.errors import CheckViolation, InsufficientPrivilege, UniqueViolation

from shared.kernel.command import Asked, Heard, Key
from shared.runtime import clock, partitions
from tests import stack
from tests.service.runtime.counting import TABLE, Count, Counting
from tests.service.runtime.frame_database import framed


@pytest.fixture
def database() -> Iterator[stack.Database]:
    """Lend a database with its first partitions."""
    with framed() as lent:
        yield lent


def id_of(moment: datetime) -> str:
    """Make a UUIDv7 of a moment."""
    bare = f"{int(moment.timestamp() * 1000):012x}7000800000000000a000"
    return f"{bare[:8]}-{bare[8:12]}-{bare[12:16]}-{bare[16:20]}-{bare[20:]}"


def weeks(database: stack.Database, parent: str) -> list[str]:
    """List the partitions of a table."""
    statement = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass ORDER BY 1"
    return [str(row[0]) for row in stack.rows(database.url("desk"), statement, parent)]


def test_weeks_stand_open_ahead_and_opening_them_again_changes_nothing(database: stack.Database) -> None:
    """Everything from 35 (30) days back to four weeks ahead; the role desk may call, not create."""
    before = weeks(database, "event_inbox")
    assert 10 <= len(before) <= 11
    assert 9 <= len(weeks(database, "outbox_archive")) <= 10
    connection = psycopg2.connect(database.url("desk"))
    assert partitions.open_ahead(connection, clock.now()) == 0
    assert partitions.open_ahead(connection, clock.now() + timedelta(days=7)) == 2
    assert weeks(database, "event_inbox")[:-1] == before
    with pytest.raises(InsufficientPrivilege), connection, connection.cursor() as cursor:
        cursor.execute("SELECT open_week('event_inbox', now() + interval '90 days')")
    connection.close()


def test_what_is_over_is_dropped_and_what_is_kept_stays(database: stack.Database) -> None:
    """35 days of heard events, 30 of published ones."""
    owner = psycopg2.connect(database.url("owner"))
    with owner, owner.cursor() as cursor:
        for parent in ("event_inbox", "outbox_archive"):
            cursor.execute(
                "SELECT open_week(%s, date_trunc('week', now() - interval '63 days', 'UTC'))", (parent,)
            )
    owner.close()
    assert len(weeks(database, "event_inbox")) >= 11
    connection = psycopg2.connect(database.url("desk"))
    assert partitions.open_ahead(connection, clock.now()) == 0
    connection.close()
    for parent, days in (("event_inbox", 35), ("outbox_archive", 30)):
        oldest = datetime.strptime(weeks(database, parent)[0][-8:], "%Y%m%d").replace(tzinfo=UTC)
        assert oldest <= clock.now() - timedelta(days=days) < oldest + timedelta(days=7)


def test_an_event_sent_again_after_a_boundary_is_still_dropped(database: stack.Database) -> None:
    """F28: heard in the last millisecond of a week, sent again in the next, dropped on both sides."""
    owner = psycopg2.connect(database.url("owner"))
    with owner, owner.cursor() as cursor:
        cursor.execute(TABLE)
    owner.close()
    counting = Counting(database)
    monday = datetime.strptime(weeks(database, "event_inbox")[6][-8:], "%Y%m%d").replace(tzinfo=UTC)
    last, first = id_of(monday - timedelta(milliseconds=1)), id_of(monday)

    def obey(event_id: str, seq: int) -> bool:
        key = Key("tongfen.member.v1", event_id, b"", event=True)
        asked = Asked(clock.mint_id(), key=key, heard=Heard("tongfen.member.v1", "k", seq))
        answer = counting.desk.obey_all([Count(asked, "k")])[0]
        assert answer.json is not None
        return answer.replayed

    assert [obey(last, 1), obey(first, 2), obey(last, 1), obey(first, 2)] == [False, False, True, True]
    assert counting.effects() == {"k": [1, 2]}
    homes = stack.rows(
        database.url("desk"), "SELECT tableoid::regclass::text FROM event_inbox ORDER BY event_id"
    )
    assert [str(home[0]) for home in homes] == weeks(database, "event_inbox")[5:7]
    counting.desk.stop()
    print("F28: 4 deliveries across a boundary of partitions, 2 events took effect")


def test_an_id_without_a_week_is_refused_rather_than_forgotten(database: stack.Database) -> None:
    """An event far older than what is kept cannot be told from a new one: it is not obeyed."""
    connection = psycopg2.connect(database.url("desk"))
    statement = "INSERT INTO event_inbox (event_id, topic) VALUES (%s, 't')"
    with pytest.raises(CheckViolation), connection, connection.cursor() as cursor:
        cursor.execute(statement, (id_of(clock.now() - timedelta(days=90)),))
    known = (id_of(clock.now()),)
    with connection, connection.cursor() as cursor:
        cursor.execute(statement, known)
    with pytest.raises(UniqueViolation), connection, connection.cursor() as cursor:
        cursor.execute(statement, known)
    connection.close()
