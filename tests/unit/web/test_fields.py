"""Fields at the border: moments, days, texts, ids, codes."""

import unicodedata
from datetime import UTC, date, datetime
from typing import Annotated

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.refusal import Malformed
from shared.kernel.words import Words
from shared.web.fields import (
    AssetCode,
    Day,
    Form,
    MemberNumber,
    Moment,
    Month,
    Number,
    Shown,
    Text,
    UnitCode,
    code_form,
    digits_form,
    id_form,
)
from shared.web.strict import Inbound, parse, parse_query


class Taken(Inbound):
    """One of each."""

    at: Moment | None = None
    day: Day | None = None
    note: Annotated[str, Text(5)] | None = None
    number: Number | None = None
    member_number: MemberNumber | None = None
    member: Annotated[str, Shown("mem")] | None = None
    unit: UnitCode | None = None
    asset: AssetCode | None = None
    month: Month | None = None
    code: Annotated[str, digits_form(6)] | None = None
    kept: Annotated[str, id_form("gft")] | None = None
    named: Annotated[str, code_form("food", least=1, most=3)] | None = None
    vowel: Annotated[str, Form("^[aeiou]$", 1, "一个元音", "one vowel")] | None = None


def take(**fields: object) -> Taken:
    """Parse a body with these fields."""
    return parse(Taken, orjson.dumps(fields))


def test_keeps_a_moment_in_utc() -> None:
    assert take(at="2026-01-31T10:00:00+08:00").at == datetime(2026, 1, 31, 2, tzinfo=UTC)
    assert take(at="2026-01-31T10:00:00.25Z").at == datetime(2026, 1, 31, 10, 0, 0, 250_000, UTC)
    assert parse_query(Taken, b"at=2026-01-31T10:00:00%2B08:00").at == take(at="2026-01-31T02:00:00Z").at


@pytest.mark.parametrize(
    "at",
    [
        "2026-01-31T10:00:00",
        "2026-01-31 10:00:00Z",
        "2026-01-31",
        "1769824800",
        1769824800,
        "2026-02-30T10:00:00Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T10:00:60Z",
        "2026-01-31T10:00:00+24:00",
        "2026-01-31T10:00:00+99:99",
        "9999-12-31T23:59:59-08:00",
        "0001-01-01T00:00:00+08:00",
        "0000-01-01T00:00:00Z",
        "２０２６-01-31T10:00:00Z",
        "2026-01-31T10:00:00.1234567Z",
        "2026-W05-6T10:00:00Z",
        True,
        ["2026-01-31T10:00:00Z"],
    ],
)
def test_takes_no_moment_but_a_full_one_with_offset(at: object) -> None:
    with pytest.raises(Malformed):
        take(at=at)


def test_takes_a_day_of_the_calendar() -> None:
    assert take(day="2024-02-29").day == date(2024, 2, 29)
    for day in ("2026-02-29", "20260131", "2026-W05-6", "2026-1-1", 20260131, "0000-01-01"):
        with pytest.raises(Malformed):
            take(day=day)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "abcdef",
        "a\nb",
        "a\tb",
        "a\x7f",
        "a\x85",
        "\u202eabc",
        "\u2066a",
        "\u200fa",
        "\u2028",
        "\ufeffa",
        5,
        None,
    ],
)
def test_takes_no_text_that_looks_like_another(note: object) -> None:
    if note is None:
        assert take(note=None).note is None
        return
    with pytest.raises(Malformed):
        take(note=note)


@pytest.mark.parametrize("unseen", "\u00ad\u034f\u180e\u200b\u200d\u2060\u3164\ufe0f\uffa0\U000e0020")
def test_takes_no_number_with_something_in_it_that_shows_nothing(unseen: str) -> None:
    """One receipt would be two: `A2` and `A2` with a blank of no width earned twice."""
    for number in (f"A{unseen}2", unseen, f"A2{unseen}"):
        with pytest.raises(Malformed):
            take(number=number)


def test_composes_a_text() -> None:
    assert take(note="e\u0301").note == "é"
    assert take(note="谢谢👍🏽").note == "谢谢👍🏽"


@given(st.text(max_size=8))
def test_no_text_is_a_defect(text: str) -> None:
    try:
        note = take(note=text).note
    except (Malformed, TypeError):
        return
    assert note is not None
    assert 1 <= len(note) <= 5
    assert unicodedata.is_normalized("NFC", note)


@given(st.text(alphabet="0123456789-+:.TZtz ", max_size=30))
def test_no_moment_is_a_defect(at: str) -> None:
    try:
        moment = take(at=at).at
    except Malformed:
        return
    assert moment is not None
    assert moment.tzinfo is UTC


def test_reads_an_id_into_its_canonical_form() -> None:
    assert take(member="mem_" + "0a" * 16).member == "0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a"
    for member in ("mem_", "wal_" + "0" * 32, "mem_" + "0A" * 16, "mem_" + "0" * 33, "0" * 32):
        with pytest.raises(Malformed):
            take(member=member)


def test_takes_codes_of_their_form() -> None:
    assert take(unit="mall-east", asset="MALL").unit == "mall-east"
    for wrong in (
        {"unit": "Mall"},
        {"unit": "mall\n"},
        {"unit": "-a"},
        {"asset": "mall"},
        {"asset": "MALL\n"},
    ):
        with pytest.raises(Malformed):
            take(**wrong)


def told(**fields: object) -> tuple[str, Words]:
    """Give the one rule that was broken, and in which words."""
    with pytest.raises(Malformed) as caught:
        take(**fields)
    (fault,) = caught.value.facts["faults"]
    return fault["rule"], fault["detail"]


def test_takes_a_month_as_its_first_day() -> None:
    assert take(month="2017-02").month == date(2017, 2, 1)
    assert parse_query(Taken, b"month=2199-12").month == date(2199, 12, 1)
    for month in ("2017-13", "2017-1", "2017-01-01", "1969-12", "2200-01", "２０１７-01", "", 201701, True):
        rule, words = told(month=month)
        assert (rule, "YYYY-MM" in words.zh, "YYYY-MM" in words.en) == ("month", True, True)


@pytest.mark.parametrize(
    ("field", "right", "zh", "en"),
    [
        ("code", "012345", "必须是 6 位数字", "must be 6 digits, as text"),
        ("vowel", "a", "必须是一个元音", "must be one vowel"),
        ("asset", "MALL", "必须是 4 个大写字母，例如 MALL", "must be 4 capital letters, like MALL"),
        (
            "named",
            "a-1",
            "必须是 1 至 3 个小写字母、数字或连字符，以字母开头，例如 food",
            "must be 1 to 3 small letters, digits or hyphens, beginning with a letter, like food",
        ),
        (
            "kept",
            "gft_" + "0a" * 16,
            "必须是 gft_ 加 32 位小写十六进制数字",
            "must be gft_ and 32 hex digits in small letters",
        ),
        (
            "member",
            "mem_" + "0a" * 16,
            "必须是 mem_ 加 32 位小写十六进制数字",
            "must be mem_ and 32 hex digits in small letters",
        ),
    ],
)
def test_who_writes_another_form_is_told_the_one_asked_for(field: str, right: str, zh: str, en: str) -> None:
    take(**{field: right})
    for wrong in ("", right[1:], f"{right}{right}", f"{right}\n", right.swapcase() + "!", 7, ["a"], True):
        assert told(**{field: wrong}) == ("form", Words(zh, en)), wrong


def test_reads_a_member_number_into_its_one_spelling_and_leaves_other_numbers_as_typed() -> None:
    for typed in ("q1", "Q1", " ｑ１ "):
        assert take(member_number=typed).member_number == "Q1"
        assert take(number=typed).number == typed


@pytest.mark.parametrize("number", ["", " ", "\u3000 ", "\ufdfa" * 4, "ß" * 33, "1" * 65, 17, "a\u200b"])
def test_refuses_a_member_number_without_a_spelling_of_its_own(number: object) -> None:
    with pytest.raises(Malformed) as caught:
        take(member_number=number)
    assert [fault["pointer"] for fault in caught.value.facts["faults"]] == ["/member_number"]
