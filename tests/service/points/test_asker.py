"""A member's question learns whose it is in the transaction that asks it, and shows nobody else's rows."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, event

from services.points.queries.asker import asked_by_member
from services.points.queries.history import history
from shared.runtime.database import Questions, Reader
from tests.service.points.ledger_house import LedgerHouse, answer_of, earn, link

TABLES = ("wallets", "lots", "journals", "transfers", "receipts")


@pytest.fixture
def reader(house: LedgerHouse) -> Iterator[Reader]:
    """Lend a reader on this house."""
    lent = Reader(house.database.url("reader"), size=1)
    yield lent
    lent.close()


def own(questions: Questions) -> tuple[str | None, set[str], int]:
    """Give holder, identities of the wallets seen, and how many rows are seen in all."""
    identities = {row.identity for row in questions.rows("SELECT identity FROM wallets")}
    seen = (questions.row(f"SELECT count(*) AS n FROM {table}") for table in TABLES)
    return questions.holder, identities, sum(row.n for row in seen if row is not None)


def test_a_member_sees_their_own_and_the_next_one_sees_theirs(house: LedgerHouse, reader: Reader) -> None:
    for name in ("one", "two"):
        answer_of(house.obey(earn("hotel", f"asker-{name}", 10_000, f"asker-{name}"))[0])
        answer_of(house.obey(link(f"mem_asker_{name}", "hotel", f"asker-{name}"))[0])
    holders = []
    # One connection after another of the same pool: nothing stays of whoever asked before.
    for name in ("one", "two", "one"):
        with asked_by_member(reader, f"mem_asker_{name}") as questions:
            holder, identities, _ = own(questions)
            assert len(history(questions, 50, None)[0]) == 1
        assert identities == {f"mem_asker_{name}", f"hotel:ASKER-{name.upper()}"}
        holders.append(holder)
        with reader.asked_by() as questions:
            assert own(questions) == (None, set(), 0)
    assert len(set(holders)) == 2


@pytest.mark.parametrize("nobody", ["mem_nobody_at_all", "", "*", "%"])
def test_who_was_never_heard_of_sees_nothing(house: LedgerHouse, reader: Reader, nobody: str) -> None:
    answer_of(house.obey(earn("hotel", "asker", 10_000, f"asker-{nobody}"))[0])
    with asked_by_member(reader, nobody) as questions:
        assert own(questions) == (None, set(), 0)
        assert history(questions, 50, None) == ([], None)


def test_a_members_question_is_one_transaction(house: LedgerHouse, reader: Reader) -> None:
    answer_of(house.obey(earn("hotel", "once", 10_000, "once-1"), link("mem_once", "hotel", "once"))[1])
    begun: list[Connection] = []

    def begins(connection: Connection) -> None:
        begun.append(connection)

    event.listen(Engine, "begin", begins)
    try:
        with asked_by_member(reader, "mem_once") as questions:
            assert questions.holder is not None
            assert questions.row("SELECT 1 FROM lots") is not None
    finally:
        event.remove(Engine, "begin", begins)
    assert len(begun) == 1
