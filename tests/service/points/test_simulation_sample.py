"""A month of very many receipts is tried on a sample, member by member, and told as one."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest

from services.points.domain.rulebook import RuleKind, RuleVersion
from services.points.domain.simulation import laid_over
from services.points.queries import simulation
from services.points.queries.rules import rulebook
from shared.runtime.database import Questions, Reader
from tests.service.points.ledger_house import BEGINNING, JANUARY, NOON, LedgerHouse, answer_of, earn, link

MEMBERS = 40
DOUBLE = {"points": 2, "per_fen": 200, "cap": None, "pending_days": 0, "expiry_months": 24}


@pytest.fixture(scope="module")
def bought(house: LedgerHouse) -> LedgerHouse:
    """Lend books in which forty people bought at the office under two numbers each, on one day."""
    for n in range(MEMBERS):
        for number in (f"a{n}", f"b{n}"):
            answer_of(house.obey(earn("office", number, 20_000 + 200 * n, f"{number}-1", NOON))[0])
            answer_of(house.obey(link(f"mem_sample{n}", "office", number))[0])
    return house


@pytest.fixture
def questions(bought: LedgerHouse) -> Iterator[Questions]:
    """Ask as an operator."""
    reader = Reader(bought.database.url("reader"), size=1)
    try:
        with reader.asked_by(unit="*") as found:
            yield found
    finally:
        reader.close()


def _draft(kind: RuleKind, subject: str, body: Mapping[str, object]) -> RuleVersion:
    return RuleVersion(kind, subject, 9, BEGINNING + timedelta(days=1), body)


def test_a_month_that_is_done_in_time_is_told_whole(questions: Questions) -> None:
    draft = _draft(RuleKind.EARN, "office", DOUBLE)
    found = simulation.month_simulated(questions, laid_over(rulebook(questions), draft), draft, JANUARY)
    assert (found["one_in"], found["receipts"]) == (1, 2 * MEMBERS)


def test_a_sample_has_each_of_its_members_with_all_they_bought(
    bought: LedgerHouse, questions: Questions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulation, "RECEIPTS_MOST", 20)
    draft = _draft(RuleKind.EARN, "office", DOUBLE)
    found = simulation.month_simulated(questions, laid_over(rulebook(questions), draft), draft, JANUARY)
    assert found["one_in"] == 4
    past = list(simulation.receipts_of_month(questions, JANUARY, None, 4))
    members = {one.holder_id for one in past}
    assert 1 <= len(members) < MEMBERS
    rows = bought.rows(
        "SELECT count(*), sum(r.points)::bigint FROM receipts r JOIN wallets w ON w.id = r.wallet_id"
        " WHERE w.holder_id = ANY (%s::uuid[])",
        sorted(members),
    )
    assert rows == [(2 * len(members), found["cost_was_fen"])]
    assert (found["receipts"], found["cost_would_be_fen"]) == (len(past), 2 * found["cost_was_fen"])


def test_a_sample_draws_on_its_part_of_a_budget(
    questions: Questions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulation, "RECEIPTS_MOST", 20)
    body = {
        "name": {"zh": "春", "en": "Spring"},
        "units": ["office"],
        "until": "2027-04-01T00:00:00+08:00",
        "bearer": "unit",
        "budget": 400,
        "bonus_bp": 10_000,
    }
    draft = _draft(RuleKind.CAMPAIGN, "spring", body)
    found = simulation.month_simulated(questions, laid_over(rulebook(questions), draft), draft, JANUARY)
    assert found["cost_would_be_fen"] - found["cost_was_fen"] == 400 // 4
