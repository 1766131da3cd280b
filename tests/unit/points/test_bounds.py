"""Bounds: the largest rule that may be approved, with the largest amount that doors take, fits a BIGINT."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.api.earn_rules import BP_MOST, BUDGET_MOST, STEP_FEN_MOST, STEP_POINTS_MOST
from services.points.api.redemptions import RedemptionBody
from services.points.domain.amounts import CNY_PER_FEN, Fen, Points, Rate
from services.points.domain.bounds import (
    FEN_MOST,
    POINTS_MOST,
    WORTH_MOST,
    RateTooLarge,
    ReceiptTooLarge,
    RuleTooLarge,
    check_earning,
    check_rule,
)
from services.points.domain.campaign import Campaign
from services.points.domain.changes import JournalPosted
from services.points.domain.exchange import LARGEST, ExchangeTooLarge, Locked, worked
from services.points.domain.rulebook import Rulebook, RuleKind, understood
from shared.kernel.command import Outcome
from shared.kernel.refusal import Malformed
from shared.web.fields import AMOUNT_MOST_FEN
from shared.web.strict import parse
from tests.unit.points.ledger import BEGINNING, version
from tests.unit.points.small_books import NOON, earn, obey, redeem, rulebook, small_books

BIGINT_MOST = 2**63 - 1
SLIP = {"pending_days": 0, "expiry_months": 24}
STEPS = st.fixed_dictionaries(
    {"points": st.integers(1, STEP_POINTS_MOST), "per_fen": st.integers(1, STEP_FEN_MOST)}
)
EARN_BODIES = st.builds(
    lambda step, categories, tiers, cap: {
        **step,
        **SLIP,
        "categories": categories,
        "tiers": tiers,
        "cap": cap,
    },
    STEPS,
    st.dictionaries(st.sampled_from(["food", "wine"]), STEPS),
    st.dictionaries(st.sampled_from("0123"), st.integers(1, BP_MOST)),
    st.none() | st.integers(1, 10**9),
)
RATES = st.builds(Rate, st.integers(1, 10**6), st.integers(1, 10**6))


def ruled(kind: RuleKind, subject: str, body: dict[str, Any]) -> Rulebook:
    """Give the demo group's rules with one more version that holds from the beginning."""
    added = version(kind, subject, 2, BEGINNING, body)
    return replace(rulebook(), versions=(*rulebook().versions, added))


def largest(outcome: Outcome) -> int:
    """Give the largest number that a decision has booked."""
    return max(
        number
        for change in outcome.changes
        if isinstance(change, JournalPosted)
        for line in change.journal.transfers
        for number in (line.amount, line.worth_fen or 0)
    )


@given(EARN_BODIES, st.integers(0, FEN_MOST), st.integers(0, FEN_MOST), st.integers(0, 9), RATES)
def test_what_may_be_approved_never_leaves_a_bigint(
    body: dict[str, Any], fen: int, food: int, tier: int, rate: Rate
) -> None:
    drafted = version(RuleKind.EARN, "office", 1, BEGINNING, body)
    rule = understood(drafted)
    food = min(fen, food)
    earned = rule.earned(fen, {"food": food, "": fen - food}, tier)
    try:
        check_rule(drafted)
        check_rule(
            version(
                RuleKind.RATE,
                "OFFI",
                1,
                BEGINNING,
                {"numerator": rate.numerator, "denominator": rate.denominator},
            )
        )
    except (RuleTooLarge, RateTooLarge):
        return
    check_earning(earned)
    assert earned <= rule.most(fen) <= POINTS_MOST
    assert rate.worth(Points(earned)) * CNY_PER_FEN <= BIGINT_MOST // 9
    campaign = Campaign(
        "c", 1, frozenset({"office"}), NOON + timedelta(days=1), True, BUDGET_MOST, bonus_bp=BP_MOST
    )
    assert campaign.bonus(rule, {"": fen}, rate) <= BIGINT_MOST // 9


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({"points": 10, "per_fen": 1}, True),
        ({"points": 11, "per_fen": 1}, False),
        ({"points": 1, "per_fen": 1, "tiers": {"3": BP_MOST}}, True),
        ({"points": 2, "per_fen": 1, "tiers": {"3": BP_MOST}}, False),
        ({"points": STEP_POINTS_MOST, "per_fen": 1}, False),
        ({"points": STEP_POINTS_MOST, "per_fen": 1, "cap": 10**9}, True),
        ({"points": 1, "per_fen": 1_000, "categories": {"food": {"points": 1_000, "per_fen": 1}}}, False),
    ],
)
def test_a_rule_fits_if_the_largest_receipt_does(change: dict[str, Any], fits: bool) -> None:
    drafted = version(RuleKind.EARN, "office", 1, BEGINNING, {**SLIP, **change})
    if fits:
        check_rule(drafted)
    else:
        with pytest.raises(RuleTooLarge) as refused:
            check_rule(drafted)
        assert refused.value.facts["most"] == POINTS_MOST


@pytest.mark.parametrize(
    ("numerator", "denominator", "fits"),
    [
        (WORTH_MOST, 1, True),
        (WORTH_MOST + 1, 1, False),
        (10**6, 100, True),
        (10**6, 99, False),
        (1, 10**6, True),
    ],
)
def test_a_rate_fits_if_a_point_is_worth_no_fortune(numerator: int, denominator: int, fits: bool) -> None:
    body = {"numerator": numerator, "denominator": denominator}
    drafted = version(RuleKind.RATE, "OFFI", 1, BEGINNING, body)
    if fits:
        check_rule(drafted)
    else:
        with pytest.raises(RateTooLarge):
            check_rule(drafted)


def test_the_largest_receipt_is_earned_and_the_largest_order_paid_with_it() -> None:
    books = small_books("office:1")
    books.rulebook = ruled(RuleKind.EARN, "office", {**SLIP, "points": 10, "per_fen": 1})
    books.rulebook = replace(
        books.rulebook,
        versions=(
            *books.rulebook.versions,
            version(RuleKind.RATE, "OFFI", 2, BEGINNING, {"numerator": WORTH_MOST, "denominator": 1}),
        ),
    )
    outcome = obey(books, earn("office", "1", FEN_MOST))
    assert outcome.answer["points"] == POINTS_MOST
    assert largest(outcome) <= BIGINT_MOST // 90_000
    paid = obey(books, redeem("office:1", "hotel", FEN_MOST // 2))
    assert paid.answer["paid_fen"] == FEN_MOST // 2
    assert largest(paid) <= BIGINT_MOST // 90_000


def test_a_rule_of_before_there_were_bounds_is_refused_at_the_receipt_and_not_by_the_database() -> None:
    books = small_books("office:1")
    books.rulebook = ruled(RuleKind.EARN, "office", {**SLIP, "points": STEP_POINTS_MOST, "per_fen": 1})
    with pytest.raises(ReceiptTooLarge):
        obey(books, earn("office", "1", FEN_MOST))
    assert obey(books, earn("office", "1", 1)).answer["points"] == STEP_POINTS_MOST


def test_an_exchange_of_a_fortune_is_refused_before_it_is_a_claim() -> None:
    locked = Locked("RESI", "HOTL", Rate(WORTH_MOST), Rate(WORTH_MOST))
    assert worked(locked, 10**10).value_fen == Fen(10**14)
    with pytest.raises(ExchangeTooLarge):
        worked(locked, 10**10 + 1)
    with pytest.raises(ExchangeTooLarge):
        worked(Locked("RESI", "HOTL", Rate(1), Rate(1)), LARGEST + 1)


def test_doors_take_no_larger_amount_than_the_books() -> None:
    assert AMOUNT_MOST_FEN == FEN_MOST
    told = b'{"unit": "hotel", "order_no": "1", "price_fen": %d, "pay_fen": 100}'
    assert parse(RedemptionBody, told % FEN_MOST).price_fen == FEN_MOST
    with pytest.raises(Malformed):
        parse(RedemptionBody, told % (FEN_MOST + 1))
