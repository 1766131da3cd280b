"""A partner's word is read whole or not at all: whatever is no whole word is silence, and says nothing."""

from typing import Any

import orjson
import pytest

from services.points.gateways.partner import (
    Issued,
    NotIssued,
    PartnerSilent,
    VoidWord,
    void_word_in,
    word_in,
)

NUMBER = "vch_0192f0c47b2a7c3e8f10a2b3c4d5e001"
COUPON = {
    "request_no": NUMBER,
    "state": "issued",
    "code": "RIDE-20",
    "valid_until": "2026-12-31T00:00:00+08:00",
}


def said(**other: Any) -> bytes:
    """Write a word, some of it otherwise."""
    return orjson.dumps({**COUPON, **other})


def test_a_coupon_is_read_with_its_code_and_end_and_shows_no_code() -> None:
    word = word_in(said(more="is ignored"), NUMBER)
    assert isinstance(word, Issued)
    assert (word.code, word.valid_until.isoformat()) == ("RIDE-20", "2026-12-30T16:00:00+00:00")
    assert "RIDE" not in repr(word)


def test_an_end_is_kept_in_utc_whatever_its_offset_is() -> None:
    word = word_in(said(valid_until="2026-12-31T00:00:00+23:59:59.999999"), NUMBER)
    assert isinstance(word, Issued)
    assert word.valid_until.isoformat() == "2026-12-30T00:00:00.000001+00:00"


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"state": "refused", "reason": "sold-out"}, "sold-out"),
        ({"state": "refused", "reason": "Sold out, call +86 139 1234 5678"}, "refused"),
        ({"state": "refused"}, "refused"),
        ({"state": "cancelled"}, "cancelled"),
    ],
)
def test_a_no_keeps_its_reason_if_it_is_a_plain_word(told: dict[str, Any], reason: str) -> None:
    assert word_in(orjson.dumps({"request_no": NUMBER, **told}), NUMBER) == NotIssued(reason)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"null",
        b"[]",
        b'"issued"',
        b"{",
        b"<html>it works</html>",
        b"\xff\xfe",
        said(request_no="vch_another"),
        said(state="pending"),
        said(state=["issued"]),
        said(state=None),
        said(code=7),
        said(code=None),
        said(code=""),
        said(code="two words"),
        said(code="x" * 65),
        said(valid_until="2026-12-31T00:00:00"),
        said(valid_until="soon"),
        said(valid_until=1),
        said(valid_until="0001-01-01T00:00:00+14:00"),
        said(valid_until="1899-12-31T23:59:59+00:00"),
        said(valid_until="2201-01-01T00:00:00+00:00"),
        said(valid_until="9999-12-31T23:59:59-12:00"),
        said(state="refused", reason=7),
        orjson.dumps({"request_no": NUMBER, "state": "issued"}),
    ],
)
def test_what_is_no_whole_word_is_silence(answer: bytes) -> None:
    with pytest.raises(PartnerSilent):
        word_in(answer, NUMBER)


@pytest.mark.parametrize("word", VoidWord)
def test_a_word_about_a_coupon_that_shall_be_void_is_one_of_three(word: VoidWord) -> None:
    told = orjson.dumps({"request_no": NUMBER, "state": word.value, "more": "is ignored"})
    assert void_word_in(told, NUMBER) is word


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"null",
        b"[]",
        b'"voided"',
        b"{",
        b"\xff\xfe",
        orjson.dumps({"state": "voided"}),
        orjson.dumps({"request_no": NUMBER}),
        *(
            orjson.dumps({"request_no": NUMBER, "state": state})
            for state in ("issued", "cancelled", "VOIDED", "", None, 1, ["voided"], {"voided": True})
        ),
        orjson.dumps({"request_no": "vch_another", "state": "voided"}),
    ],
)
def test_what_is_no_word_about_a_coupon_is_silence(answer: bytes) -> None:
    with pytest.raises(PartnerSilent):
        void_word_in(answer, NUMBER)
