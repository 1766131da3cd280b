"""What a latch guards is read once it is held: the second of two persons sees what the first one did."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from psycopg2.extensions import cursor as Cursor

from services.points.commands.approve_rule import ApproveRule
from services.points.commands.close_month import CloseMonth
from services.points.commands.draft_rule import DraftRule
from services.points.commands.open_month import OpenMonth
from services.points.domain.rulebook import RuleKind
from services.points.store import latches, ledger
from shared.kernel.calendar import month_bounds
from shared.kernel.command import Answer, Command, Row
from shared.kernel.ids import read
from shared.runtime.clock import now
from tests.service.points.ledger_house import APPROVER, DRAFTER, LedgerHouse, answer_of, asked, code_of

LATER = date(2017, 4, 1)

Meet = Callable[[Command, Command], tuple[Answer, Answer]]


@pytest.fixture
def meet(fresh: LedgerHouse, monkeypatch: pytest.MonkeyPatch) -> Meet:
    """Lend two desks of which the second obeys its command whole just before the first gets its latch."""
    second = fresh.desk()
    latch = latches.latch

    def met(one: Command, other: Command) -> tuple[Answer, Answer]:
        answers: list[Answer] = []

        def waiting(cursor: Cursor, rows: Sequence[Row]) -> dict[Row, str]:
            monkeypatch.setattr(ledger, "latch", latch)
            answers.extend(second.obey_all([other]))
            return latch(cursor, rows)

        monkeypatch.setattr(ledger, "latch", waiting)
        (first,) = fresh.obey(one)
        return first, answers[0]

    return met


def test_two_who_open_the_same_month_both_find_it_open(meet: Meet) -> None:
    answers = meet(OpenMonth(asked(principal=DRAFTER), LATER), OpenMonth(asked(), LATER, by_clock=True))
    assert [answer_of(one) for one in answers] == [{"month": "2017-04", "state": "open"}] * 2


def test_two_who_close_the_same_month_close_it_once(fresh: LedgerHouse, meet: Meet) -> None:
    january = date(2017, 1, 1)
    ends = month_bounds(january)[1]
    close = [CloseMonth(asked(principal=who), january, ends) for who in (DRAFTER, APPROVER)]
    assert [code_of(one) for one in meet(*close)] == ["ok", "ok"]
    told = fresh.rows("SELECT state, closed_by FROM months WHERE month = %s", january)
    assert told == [("draining", APPROVER.subject)]


def test_two_rates_that_are_sound_alone_and_would_gain_together_are_not_both_approved(
    fresh: LedgerHouse, meet: Meet
) -> None:
    begins = now() + timedelta(days=1)
    rates: dict[tuple[RuleKind, str], dict[str, Any]] = {
        # Five hotel points for a mall point are what they are worth, as long as a mall point is worth five.
        (RuleKind.PAIR, "HOTL-MALL"): {"numerator": 1, "denominator": 5},
        (RuleKind.RATE, "MALL"): {"numerator": 6, "denominator": 1},
    }
    drafts = fresh.obey(
        *(DraftRule(asked(principal=DRAFTER), kind, of, begins, body) for (kind, of), body in rates.items())
    )
    names = [read("rul", answer_of(draft)["rule"]) or "" for draft in drafts]
    pair, rate = (ApproveRule(asked(principal=APPROVER), name) for name in names)
    assert [code_of(one) for one in meet(pair, rate)] == ["profitable-round-trip", "ok"]
