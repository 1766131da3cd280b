"""Outside partners that give coupons out, asked over HTTP in signed requests. Called by jobs alone.

A partner remembers request numbers: asked again under the same one it gives the same word, and once it was
told to let a number be, it issues nothing under it. So a word that was lost is asked for again. Refuses to
guess: whatever is no whole word of the partner's is silence, and silence says nothing about a coupon.
"""

import http.client
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
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
"""Gives the headers of a signed request: method, whole address, body, request number."""


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

    def _word(self, partner: str, path: str, number: str, body: Mapping[str, Any]) -> Word:
        address = self._addresses.get(partner)
        if address is None:
            raise PartnerSilent("its address is not set")
        try:
            status, answer = self._post(f"{address}{path}", number, orjson.dumps(body))
        except (OSError, http.client.HTTPException) as fault:
            raise PartnerSilent(type(fault).__name__) from None
        if status != http.HTTPStatus.OK:
            raise PartnerSilent(f"status {status}")
        return word_in(answer, number)

    def _post(self, url: str, number: str, body: bytes) -> tuple[int, bytes]:
        place = urlsplit(url)
        headers = {"Content-Type": "application/json", **self._signing("POST", url, body, number)}
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


def _issued(code: str, valid_until: str) -> Issued:
    until = datetime.fromisoformat(valid_until)
    if until.tzinfo is None or until.year not in _YEARS or not _CODE.fullmatch(code):
        raise ValueError("a coupon has a code, and an end with an offset, in a year that is one")
    # Offsets to the second are none to the database.
    return Issued(code, until.astimezone(UTC))
