"""A member's profile is found by key, however many members there are.

So are the latest of the texts that no carrier took (on one machine alone). Systems and staff are shown whole.
"""

from collections.abc import Iterator
from functools import partial

import pytest

from services.member.queries.member_profile import member_profile
from services.member.queries.message_list import message_list
from shared.runtime.database import EVERY_UNIT, Reader
from tests import stack
from tests.service.explained import cost

OTHERS = 20_000
ROWS, BLOCKS = 10, 30
"""The most that a profile of two identities may touch."""

TEXTS_ROWS, TEXTS_BLOCKS = 100, 10
"""The most that the latest hundred texts may touch: themselves, and the pages on which they lie."""

_CROWD = f"""
CREATE TEMP TABLE crowd AS SELECT n, uuidv7() AS id FROM generate_series(1, {OTHERS}) AS n;
INSERT INTO members (id, version, registered_at, registered_by) SELECT id, 1, now(), 'crowd' FROM crowd;
INSERT INTO identities (kind, scope, value, member, linked_at, range_known)
SELECT 'unit-number', unit, n::text, id, now(), true FROM crowd, unnest(ARRAY['office', 'hotel']) AS unit;
INSERT INTO messages (id, phone, text, sent_at)
SELECT id, '+86 130 ' || n, 'a code', '2026-01-01'::timestamptz + n * interval '1 second' FROM crowd;
ANALYZE members; ANALYZE identities; ANALYZE messages;
"""


@pytest.fixture(scope="module")
def database() -> Iterator[stack.Database]:
    """Lend a database in which many people are members."""
    with stack.database_per_module("member") as found:
        stack.rows(found.superuser_url, _CROWD)
        yield found


def test_a_profile_does_not_read_the_crowds(database: stack.Database) -> None:
    ((member,),) = stack.rows(database.superuser_url, "SELECT id::text FROM members OFFSET 777 LIMIT 1")
    reader = Reader(database.url("reader"), size=1)
    try:
        asking = partial(reader.asked_by, holder=str(member))
        with asking() as questions:
            assert len((member_profile(questions, str(member)) or {})["identities"]) == 2
        found = cost(asking, lambda questions: member_profile(questions, str(member)))
        print(found)
        assert found.rows <= ROWS
        assert found.blocks <= BLOCKS
    finally:
        reader.close()


def test_the_latest_texts_are_found_without_those_before(database: stack.Database) -> None:
    reader = Reader(database.url("reader"), size=1)
    try:
        asking = partial(reader.asked_by, unit=EVERY_UNIT)
        with asking() as questions:
            told = message_list(questions)
        latest = stack.rows(database.superuser_url, "SELECT phone FROM messages ORDER BY id DESC LIMIT 100")
        assert [one["phone"] for one in told] == [phone for (phone,) in latest]
        found = cost(asking, message_list)
        print(found)
        assert found.rows <= TEXTS_ROWS
        assert found.blocks <= TEXTS_BLOCKS
    finally:
        reader.close()
