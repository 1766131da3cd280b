"""Sentences of refusals speak to people: the group's clock, their language; members stay as they are."""

from datetime import datetime

import pytest

from services.points.domain.adjustment import RequestDecided
from services.points.domain.approval import RuleStartsTooSoon
from services.points.domain.doubt import DoubtDecided, DoubtState
from services.points.domain.hold import Ended, HoldClosed, HoldExpired
from services.points.domain.voiding import VoucherNotIssued
from shared.kernel.refusal import Refusal
from shared.web.problems import problem_document

UTC_TEXT = "2026-11-26T06:30:07.250000+00:00"


def detail(refusal: Refusal, language: str) -> str:
    """Give what people are told, the same after the refusal was kept and came again."""
    documents = [
        problem_document(one, language, "req")
        for one in (refusal, Refusal.recalled({"refusal": refusal.code, "facts": refusal.facts}))
    ]
    assert documents[0] == documents[1]
    for name, value in refusal.facts.items():
        assert documents[0][name] == value
    return str(documents[0]["detail"])


def test_a_moment_is_said_as_the_groups_clocks_show_it() -> None:
    assert "2026-11-26 14:30 过期" in detail(HoldExpired(expires_at=UTC_TEXT), "zh")
    assert "at 2026-11-26 14:30 and" in detail(HoldExpired(expires_at=UTC_TEXT), "en")
    late = datetime.fromisoformat("2026-11-26T16:00:00+00:00").isoformat()
    assert "2026-11-27 00:00" in detail(HoldExpired(expires_at=late), "zh")


def test_a_bound_is_said_to_the_second() -> None:
    assert "2026-11-26 14:30:07" in detail(RuleStartsTooSoon(earliest=UTC_TEXT), "zh")


@pytest.mark.parametrize("given", ["-", "2026-11-26T06:30:07", "", "2026-99-26T06:30:07+00:00"])
def test_what_is_no_moment_is_said_as_it_is(given: str) -> None:
    assert f"于 {given} 过期" in detail(HoldExpired(expires_at=given), "zh")


def test_a_number_that_reads_like_a_moment_is_said_as_it_was_written() -> None:
    refusal = RequestDecided(state="approved", decided_by=UTC_TEXT)
    assert UTC_TEXT in detail(refusal, "zh")


@pytest.mark.parametrize(
    ("refusal", "zh", "en"),
    [
        (RequestDecided(state="approved", decided_by="finance-hotel"), "已批准", "approved"),
        (DoubtDecided(state="settled"), "已由收银入账", "settled"),
        (HoldClosed(ended_at=UTC_TEXT, ended_by="captured"), "（已扣减）", "captured"),
        (VoucherNotIssued(state="asked"), "待合作方答复", "asked for"),
        (VoucherNotIssued(state="refused"), "未获发放", "refused"),
    ],
)
def test_a_state_is_said_in_the_language_of_its_sentence(refusal: Refusal, zh: str, en: str) -> None:
    told = detail(refusal, "zh")
    assert zh in told
    assert en in detail(refusal, "en")
    state = str(refusal.facts.get("state", refusal.facts.get("ended_by")))
    assert state not in told


@pytest.mark.parametrize("refusal", Refusal.known.values(), ids=lambda one: str(one.code))
def test_no_chinese_sentence_says_a_state_that_has_no_words(refusal: type[Refusal]) -> None:
    for fact in ("state", "ended_by"):
        if f"{{{fact}}}" in refusal.advice.zh:
            assert fact in refusal.spoken


def test_every_state_that_may_be_told_has_words() -> None:
    assert {*DoubtDecided.spoken["state"]} == {state.value for state in DoubtState} - {"open"}
    assert {*HoldClosed.spoken["ended_by"]} == {end.value for end in Ended}
