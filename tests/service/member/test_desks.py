"""Several desks on one database, and a clock that a test sets: the rules hold where rows are locked."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from services.member.commands import DECISIONS
from services.member.commands.ask_code import AskCode
from services.member.commands.refresh_session import RefreshSession
from services.member.commands.register_number import RegisterNumber
from services.member.commands.register_person import RegisterPerson
from services.member.commands.sign_in import SignIn
from services.member.domain.books import MemberBooks
from services.member.domain.identity import Phone
from services.member.domain.phone import read_phone
from services.member.jobs.sweep import sweep
from services.member.store.memory import MemberMemory
from shared.kernel.command import Answer, Asked, Command, Key, fingerprint
from shared.kernel.principal import Principal, Role
from shared.runtime import clock
from shared.runtime.clock import mint_id
from shared.runtime.database import connect
from shared.runtime.desk import DESK_OPTIONS, Desk
from tests import stack

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
TILL = Principal("till-hotel", Role.UNIT_SYSTEM, "hotel")
IMPORTER = Principal("importer", Role.IMPORTER)
DIGEST = b"right"


@pytest.fixture(scope="module")
def database() -> Iterator[stack.Database]:
    """Lend a database of this module's own."""
    with stack.database_per_module("member") as lent:
        yield lent


@contextmanager
def desk_on(database: stack.Database, now: Callable[[], datetime] = clock.now) -> Iterator[Desk[MemberBooks]]:
    """Open a desk with its own connection and clock."""
    desk = Desk(MemberMemory(now), DECISIONS, lambda: connect(database.url("desk"), DESK_OPTIONS))
    desk.start()
    try:
        yield desk
    finally:
        desk.stop()


def _asked(principal: Principal | None = None, key: str | None = None) -> Asked:
    id = mint_id()
    named = None if principal is None else Key(principal.scope, key or id, fingerprint(key or id))
    return Asked(id, named, principal)


def _told(answer: Answer) -> dict[str, Any]:
    assert answer.json is not None, answer.refusal or "a defect"
    told: dict[str, Any] = orjson.loads(answer.json)
    return told


def _code(answer: Answer) -> str:
    return "ok" if answer.refusal is None else answer.refusal.code


def _phone(text: str) -> Phone:
    phone = read_phone(text)
    assert phone is not None
    return phone


def test_a_code_lasts_five_minutes_and_not_a_moment_longer(database: stack.Database) -> None:
    moment = [START]
    with desk_on(database, lambda: moment[0]) as desk:

        def entered(phone: str, after: timedelta) -> str:
            moment[0] = START
            desk.obey_all([AskCode(_asked(), phone, DIGEST, "text")])
            moment[0] = START + after
            return _code(desk.obey_all([SignIn(_asked(), _phone(phone), DIGEST)])[0])

        assert entered("+8613300000001", timedelta(seconds=299, microseconds=999_999)) == "ok"
        assert entered("+8613300000002", timedelta(seconds=300)) == "code-expired"
        assert entered("+8613300000003", timedelta(seconds=-1)) == "code-expired"


def test_a_refresh_after_ten_seconds_is_reuse(database: stack.Database) -> None:
    moment = [START]
    phone = "+8613300000004"
    with desk_on(database, lambda: moment[0]) as desk:
        desk.obey_all([AskCode(_asked(), phone, DIGEST, "text")])
        session = _told(desk.obey_all([SignIn(_asked(), _phone(phone), DIGEST)])[0])["session"]

        def refreshed(generation: int, after_s: int) -> Answer:
            moment[0] = START + timedelta(seconds=after_s)
            return desk.obey_all([RefreshSession(_asked(), session, generation)])[0]

        first = _told(refreshed(1, 100))
        assert _told(refreshed(1, 109)) == first
        assert _code(refreshed(1, 110)) == "refresh-reused"
        assert _code(refreshed(2, 111)) == "session-ended"
        (kept,) = stack.rows(database.superuser_url, "SELECT ended_by FROM sessions WHERE id = %s", session)
        assert kept == ("refresh-reused",)


def test_two_desks_make_one_member_of_one_number(database: stack.Database) -> None:
    with desk_on(database) as first, desk_on(database) as second:

        def register(place: int) -> str:
            desk = (first, second)[place % 2]
            return str(
                _told(
                    desk.obey_all([RegisterNumber(_asked(TILL), ("two-desks", "Two-Desks")[place % 3 % 2])])[
                        0
                    ]
                )["member"]
            )

        with ThreadPoolExecutor(16) as crowd:
            assert len(set(crowd.map(register, range(100)))) == 1


def test_two_desks_that_link_crosswise_neither_deadlock_nor_tear_a_person(database: stack.Database) -> None:
    with desk_on(database) as first, desk_on(database) as second:

        def register(place: int) -> str:
            desk = (first, second)[place % 2]
            order = (("hotel", "a"), ("office", "a"), ("hotel", "b"), ("office", "b"))
            pairs = order[place % 4 :] + order[: place % 4]
            command = RegisterPerson(_asked(IMPORTER), str(place), pairs[:2])
            return _code(desk.obey_all([command], patience_s=10.0)[0])

        with ThreadPoolExecutor(16) as crowd:
            codes = list(crowd.map(register, range(200)))
    assert set(codes) <= {"ok", "numbers-of-two-members"}
    story = "SELECT key, array_agg(seq ORDER BY id) FROM outbox WHERE type LIKE 'member.%%' GROUP BY key"
    for key, seqs in stack.rows(database.superuser_url, story):
        assert seqs == list(range(1, len(list(seqs)) + 1)), key  # type: ignore[call-overload]
    orphans = "SELECT 1 FROM identities i WHERE NOT EXISTS (SELECT FROM members m WHERE m.id = i.member)"
    assert stack.rows(database.superuser_url, orphans) == []


def test_a_member_who_is_held_elsewhere_keeps_nobody_else_waiting(database: stack.Database) -> None:
    with desk_on(database) as desk:
        _told(desk.obey_all([RegisterNumber(_asked(TILL), "held")])[0])
        with connect(database.url("desk")) as holder, holder.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM members WHERE registered_by = %s FOR NO KEY UPDATE", ("till-hotel",)
            )
            with ThreadPoolExecutor(1) as waiting:
                more = RegisterPerson(_asked(IMPORTER), "x", (("hotel", "held"), ("office", "held")))
                late = waiting.submit(desk.obey_all, [more], 10.0)
                others: list[Command] = [RegisterNumber(_asked(TILL), f"free-{place}") for place in range(20)]
                assert {_code(answer) for answer in desk.obey_all(others)} == {"ok"}
                assert not late.done()
                holder.rollback()
                assert _code(late.result(10)[0]) == "ok"


def test_the_same_key_gets_the_first_answer_and_another_body_none(database: stack.Database) -> None:
    with desk_on(database) as desk:
        first = desk.obey_all([RegisterNumber(_asked(TILL, "the-key"), "keyed")])[0]
        again = desk.obey_all([RegisterNumber(_asked(TILL, "the-key"), "keyed")])[0]
        assert (again.json, again.replayed) == (first.json, True)
        other = Asked(mint_id(), Key(TILL.scope, "the-key", fingerprint("other")), TILL)
        assert _code(desk.obey_all([RegisterNumber(other, "keyed")])[0]) == "key-reused"


def test_codes_are_forgotten_after_two_days(database: stack.Database) -> None:
    count = "SELECT count(*) FROM challenges WHERE phone = %s"
    with desk_on(database, lambda: START) as desk, closing(connect(database.url("desk"))) as broom:
        desk.obey_all([AskCode(_asked(), "+8613300000005", DIGEST, "text")])
        for hours, left in ((47, 1), (49, 0)):
            sweep(broom, START + timedelta(hours=hours))
            assert stack.rows(database.superuser_url, count, "+8613300000005") == [(left,)]
