"""Absurd rules at a real desk: refused where they are written; the books add up the largest that fits."""

from datetime import timedelta
from typing import Any

import pytest

from services.points.commands.approve_rule import ApproveRule
from services.points.commands.draft_rule import DraftRule
from services.points.domain.bounds import FEN_MOST, POINTS_MOST, WORTH_MOST
from services.points.domain.rulebook import RuleKind
from shared.kernel.ids import read
from shared.runtime.clock import now
from tests.service.points.closing_room import audited
from tests.service.points.ledger_house import (
    APPROVER,
    BEGINNING,
    DRAFTER,
    LedgerHouse,
    answer_of,
    asked,
    code_of,
    earn,
    redeem,
)

TERMS = {"points": 10, "per_fen": 1, "pending_days": 0, "expiry_months": 24}


def draft(kind: RuleKind, subject: str, body: dict[str, Any]) -> DraftRule:
    """Make a draft that would hold from the beginning."""
    return DraftRule(asked(principal=DRAFTER), kind, subject, BEGINNING, body)


def test_the_largest_rule_and_amount_are_booked_paid_and_audited(house: LedgerHouse) -> None:
    house.add_rule(RuleKind.EARN, "office", TERMS)
    house.add_rule(RuleKind.RATE, "OFFI", {"numerator": WORTH_MOST, "denominator": 1})
    for turn in range(3):
        assert answer_of(house.obey(earn("office", "1", FEN_MOST, f"r{turn}"))[0])["points"] == POINTS_MOST
    for turn in range(3):
        paid = answer_of(house.obey(redeem("office:1", "hotel", f"o{turn}", FEN_MOST // 2))[0])
        assert paid["owed"] == [{"issuer": "office", "amount_fen": FEN_MOST // 2}]
    found = audited(house.database)
    assert found.findings == ()


@pytest.mark.parametrize(
    ("kind", "subject", "body", "code"),
    [
        (RuleKind.EARN, "hotel", {**TERMS, "points": 11}, "rule-too-large"),
        (RuleKind.EARN, "hotel", {**TERMS, "points": 2**62}, "rule-too-large"),
        (RuleKind.EARN, "hotel", {**TERMS, "tiers": {"1": 10_001}}, "rule-too-large"),
        (RuleKind.RATE, "HOTL", {"numerator": WORTH_MOST + 1, "denominator": 1}, "rate-too-large"),
        (RuleKind.RATE, "HOTL", {"numerator": 2**53, "denominator": 1}, "rate-too-large"),
    ],
)
def test_an_absurd_rule_is_refused_at_the_draft_and_asked_again_the_same(
    house: LedgerHouse, kind: RuleKind, subject: str, body: dict[str, Any], code: str
) -> None:
    command = draft(kind, subject, body)
    first, again = house.obey(command)[0], house.obey(command)[0]
    assert [code_of(first), code_of(again), again.replayed] == [code, code, True]


def test_a_draft_of_before_there_were_bounds_is_not_approved(house: LedgerHouse) -> None:
    body, tomorrow = {"numerator": 1, "denominator": 1}, now() + timedelta(days=1)
    command = DraftRule(asked(principal=DRAFTER), RuleKind.RATE, "PROP", tomorrow, body)
    drafted = answer_of(house.obey(command)[0])
    rule = read("rul", drafted["rule"]) or ""
    house.rows('UPDATE rules SET body = \'{"numerator": 1000000, "denominator": 1}\' WHERE id = %s', rule)
    approval = ApproveRule(asked(principal=APPROVER), rule)
    assert code_of(house.obey(approval)[0]) == "rate-too-large"
