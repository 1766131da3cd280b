"""Rules: the version in force at a moment, never two, and no new one in the past."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain.approval import (
    LEAD,
    RuleStartsTooSoon,
    SecondPersonNeeded,
    check_approval,
)
from services.points.domain.rulebook import NoRuleInForce, Rulebook, RuleKind, RuleVersion, merged
from tests.unit.points.ledger import BEGINNING

DAY = timedelta(days=1)


def minimum(number: int, begins: datetime) -> RuleVersion:
    """Make a version of the terms for spending whose minimum is its own number."""
    return RuleVersion(RuleKind.SPEND, "group", number, begins, {"minimum_fen": number, "share_bp": 5_000})


@given(st.lists(st.integers(0, 30), min_size=1, max_size=8), st.integers(-1, 31), st.randoms())
def test_the_version_in_force_is_the_last_that_has_begun(begins: list[int], day: int, chance: object) -> None:
    versions = [minimum(number, BEGINNING + begin * DAY) for number, begin in enumerate(begins, 1)]
    expected = max(((begin, number) for number, begin in enumerate(begins, 1) if begin <= day), default=None)
    book = merged(Rulebook(), versions)
    at = BEGINNING + day * DAY
    if expected is None:
        with pytest.raises(NoRuleInForce):
            book.spend_terms(at)
    else:
        assert book.spend_terms(at).minimum_fen == expected[1]
        assert merged(Rulebook(), reversed(versions)).spend_terms(at).version == expected[1]


def test_a_version_begins_to_the_microsecond_and_ends_where_the_next_begins() -> None:
    book = merged(Rulebook((minimum(1, BEGINNING),)), (minimum(2, BEGINNING + DAY),))
    assert book.spend_terms(BEGINNING + DAY - timedelta(microseconds=1)).version == 1
    assert book.spend_terms(BEGINNING + DAY).version == 2


def test_a_later_version_changes_nothing_in_the_past() -> None:
    before = Rulebook((minimum(1, BEGINNING),))
    after = merged(before, (minimum(2, BEGINNING + 10 * DAY),))
    for day in range(10):
        at = BEGINNING + day * DAY
        assert before.spend_terms(at) == after.spend_terms(at)
    assert before.versions == (minimum(1, BEGINNING),)


def test_only_assets_with_a_rate_in_force_have_one() -> None:
    book = Rulebook(
        (
            RuleVersion(RuleKind.RATE, "MALL", 1, BEGINNING, {"numerator": 5, "denominator": 1}),
            RuleVersion(RuleKind.RATE, "HOTL", 1, BEGINNING + DAY, {"numerator": 1, "denominator": 2}),
        )
    )
    assert set(book.rates(BEGINNING)) == {"MALL"}
    assert set(book.rates(BEGINNING + DAY)) == {"MALL", "HOTL"}
    assert book.find_unit("hotel", BEGINNING) is None


def test_the_same_person_never_approves_what_they_drafted() -> None:
    with pytest.raises(SecondPersonNeeded):
        check_approval("a", "a", BEGINNING + DAY, BEGINNING, journals_exist=False)


def test_books_with_a_journal_take_rules_60_seconds_ahead_and_others_of_any_date() -> None:
    now = BEGINNING + 100 * DAY
    check_approval("a", "b", BEGINNING, now, journals_exist=False)
    check_approval("a", "b", now + LEAD, now, journals_exist=True)
    with pytest.raises(RuleStartsTooSoon):
        check_approval("a", "b", now + LEAD - timedelta(microseconds=1), now, journals_exist=True)
    assert timedelta(seconds=60) == LEAD
