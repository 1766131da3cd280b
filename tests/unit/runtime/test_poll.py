"""One poll while its surroundings come and go: nothing of it is forgotten, nothing passes its predecessor."""

from collections.abc import Iterable, Sequence

import psycopg2
import pytest

from contracts.event import constant_headers, own_headers
from shared.kernel.command import Answer, Command
from shared.kernel.refusal import Busy, Forbidden
from shared.runtime import clock
from shared.runtime.hearing import Hearing, Place, Record
from shared.runtime.parked import Parked
from shared.runtime.poll import Poll

TOPIC = "tongfen.member.v1"


def record(key: str, seq: int) -> Record:
    """Make a record of a type that is only noted."""
    id_ = f"evt_{clock.mint_id().replace('-', '')}"
    headers = constant_headers("member", "member.client.revoked")
    headers += own_headers(id_, key, seq, "2026-11-22T00:00:00Z", None)
    return Record(TOPIC, 0, seq, key, tuple(headers), b"{}")


class AwayAtFirst(Parked):
    """A table of parked events whose database fails once at every kind of call."""

    def __init__(self) -> None:
        super().__init__(lambda: None)
        self.failing = {"open", "park", "follow"}
        self.parked: list[Record] = []
        self.behind: list[Record] = []

    def _fail(self, call: str) -> None:
        if call in self.failing:
            self.failing.discard(call)
            raise psycopg2.OperationalError("away")

    def open_places(self, topics: Sequence[str]) -> set[Place]:
        """Fail once, then know of one key."""
        self._fail("open")
        return {(TOPIC, "parked")}

    def park(self, records: Iterable[tuple[Record, str]]) -> None:
        """Fail once, then keep."""
        found = [one for one, _ in records]
        if found:
            self._fail("park")
            self.parked += found

    def follow(self, records: Iterable[Record]) -> list[Record]:
        """Fail once, then keep."""
        found = list(records)
        if found:
            self._fail("follow")
            self.behind += found
        return []


class Choosy:
    """A desk that refuses a key, is busy once, and writes down what it obeyed."""

    def __init__(self) -> None:
        self.busy = True
        self.obeyed: list[tuple[str, int]] = []

    def obey_all(self, commands: Sequence[Command], patience_s: float = 30.0) -> list[Answer]:
        """Answer each command."""
        return [self._answer(command) for command in commands]

    def _answer(self, command: Command) -> Answer:
        heard = command.asked.heard
        assert heard is not None
        if heard.key == "refused":
            return Answer(refusal=Forbidden())
        if heard.key == "late" and heard.seq == 1 and self.busy:
            self.busy = False
            return Answer(refusal=Busy())
        self.obeyed.append((heard.key, heard.seq))
        return Answer(json=b"{}")


def test_nothing_of_a_poll_is_forgotten_while_database_and_desk_are_away() -> None:
    """Each failure leaves the poll as it was; the last call says that all of it is done."""
    records = [record(key, seq) for seq in (1, 2, 3) for key in ("fine", "parked", "refused", "late")]
    table, desk = AwayAtFirst(), Choosy()
    poll = Poll(records, Hearing({}), desk, table, set())
    for _ in range(3):
        with pytest.raises(psycopg2.OperationalError):
            poll.obey([TOPIC], 1.0)
    while not poll.obey([TOPIC], 1.0):
        continue
    told = [(one.key, one.position) for one in table.behind]
    assert [(one.key, one.position) for one in table.parked] == [("refused", 1)]
    assert sorted(told) == [("parked", 1), ("parked", 2), ("parked", 3), ("refused", 2), ("refused", 3)]
    for key in ("fine", "late"):
        assert [seq for name, seq in desk.obeyed if name == key] == [1, 2, 3]
