"""Outside partners that give coupons out, asked over HTTP in signed requests. Called by jobs alone.

A partner remembers request numbers: asked again under the same one it gives the same word, and once it was
told to let a number be, it issues nothing under it. So a word that was lost is asked for again. A coupon is
named to its partner by the number under which it was issued, never by its code. Refuses to guess: whatever is
no whole word of the partner's is silence, and silence says nothing about a coupon.
"""

import http.client
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import orjson

from services.points.gateways.dated import Deadline, dated_connection

ANSWER_BYTES_MAX = 65_536
_CODE = re.compile(r"[\x21-\x7e]{1,64}")
_REASON = re.compile(r"[a-z][a-z0-9-]{0,31}")
_YEARS = range(1900, 2201)
"""In which a coupon may end: another year breaks whoever reads it, with all that is listed beside it."""

Signing = Callable[[str, str, bytes, str], Mapping[str, str]]
"""Gives the headers of a signed request: method, whole address, body, idempotency key."""


class PartnerSilent(Exception):
    """No word came: away, too slow, or nothing that reads as one. Whether it issued is unknown."""


@dataclass(frozen=True, slots=True)
class Issued:
    """The partner has issued a coupon under the number."""

    code: str = field(repr=False)
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class NotIssued:
    """The partner has issued nothing under the number, and never will."""

    reason: str


Word = Issued | NotIssued
"""What a partner says of a number: it can be no other any more."""


class VoidWord(StrEnum):
    """What a partner says of a coupon that it was asked to void."""

    VOIDED = "voided"
    USED = "used"
    UNKNOWN = "unknown"


class Partners:
    """The partners of this installation.

    :param addresses: where each partner answers, by its code: `https://host[:port][/path]`.
    :param timeout_s: how long one question may take in all.
    """

    def __init__(self, addresses: Mapping[str, str], signing: Signing, timeout_s: float) -> None:
        self._addresses = dict(addresses)
        self._signing = signing
        self._timeout_s = timeout_s

    def ask(self, partner: str, number: str, offer: str, price_fen: int) -> Word:
        """Ask for a coupon of an offer under a number; asked again, the word is the same.

        :raises PartnerSilent: if no word came.
        """
        body = {"request_no": number, "offer": offer, "price_fen": price_fen}
        return self._word(partner, "/coupons", number, body)

    def let_be(self, partner: str, number: str) -> Word:
        """Tell a partner that nothing shall be issued under a number; if it has been, the word says so.

        :raises PartnerSilent: if no word came.
        """
        return self._word(partner, f"/coupons/{number}/cancel", number, {"request_no": number})

    def void(self, partner: str, number: str, void_no: str) -> VoidWord:
        """Ask a partner to void the coupon it has issued under a number; asked again, the word is the same.

        :raises PartnerSilent: if no word came.
        """
        body = {"request_no": number, "void_no": void_no}
        return void_word_in(self._answer(partner, f"/coupons/{number}/void", void_no, body), number)

    def _word(self, partner: str, path: str, number: str, body: Mapping[str, Any]) -> Word:
        return word_in(self._answer(partner, path, number, body), number)

    def _answer(self, partner: str, path: str, key: str, body: Mapping[str, Any]) -> bytes:
        address = self._addresses.get(partner)
        if address is None:
            raise PartnerSilent("its address is not set")
        try:
            status, answer = self._post(f"{address}{path}", key, orjson.dumps(body))
        except (OSError, http.client.HTTPException) as fault:
            raise PartnerSilent(type(fault).__name__) from None
        if status != http.HTTPStatus.OK:
            raise PartnerSilent(f"status {status}")
        return answer

    def _post(self, url: str, key: str, body: bytes) -> tuple[int, bytes]:
        place = urlsplit(url)
        headers = {"Content-Type": "application/json", **self._signing("POST", url, body, key)}
        with dated_connection(place, Deadline(self._timeout_s)) as connection:
            connection.request("POST", place.path, body, headers)
            answer = connection.getresponse()
            told = answer.read(ANSWER_BYTES_MAX + 1)
            if len(told) > ANSWER_BYTES_MAX:
                raise PartnerSilent("it does not come to an end")
            return answer.status, told


def word_in(answer: bytes, number: str) -> Word:
    """Read a partner's word about a number.

    :raises PartnerSilent: if it is none, or about another number.
    """
    try:
        told = orjson.loads(answer)
        if told["request_no"] != number:
            raise PartnerSilent("it speaks of another number")
        if told["state"] == "issued":
            return _issued(told["code"], told["valid_until"])
        if told["state"] in ("refused", "cancelled"):
            reason = told.get("reason", told["state"])
            return NotIssued(reason if _REASON.fullmatch(reason) else told["state"])
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    raise PartnerSilent("what it says is no word")


def void_word_in(answer: bytes, number: str) -> VoidWord:
    """Read a partner's word about a coupon that shall be void.

    :raises PartnerSilent: if it is none, or about another number.
    """
    try:
        told = orjson.loads(answer)
        if told["request_no"] != number:
            raise PartnerSilent("it speaks of another number")
        return VoidWord(told["state"])
    except (ValueError, TypeError, KeyError):
        raise PartnerSilent("what it says is no word") from None


def _issued(code: str, valid_until: str) -> Issued:
    until = datetime.fromisoformat(valid_until)
    if until.tzinfo is None or until.year not in _YEARS or not _CODE.fullmatch(code):
        raise ValueError("a coupon has a code, and an end with an offset, in a year that is one")
    # Offsets to the second are none to the database.
    return Issued(code, until.astimezone(UTC))
