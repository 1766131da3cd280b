"""What attackers on the line or in a crowd try at the real doors: nothing moves twice, nobody is believed."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from joserfc.jwk import OKPKey

from infra.seed.keys import private_key
from shared.runtime.clock import now
from shared.web.keys import new_private_key, private_key_of
from shared.web.signatures import RequestSigner
from tests.journeys.caller import Caller, by_token, fresh_key
from tests.journeys.group import Group
from tests.journeys.test_points_journey import earned, receipt, wallet, wish

RECEIPTS = "/points/v1/receipts"


def signed(group: Group, client: str, body: object, key: str, **ago: float) -> dict[str, str]:
    """Sign a report of a receipt as a seeded system, so long ago."""
    private = private_key_of(private_key(Path(group.found["keys"]), client))
    signer = RequestSigner(client, private, lambda: now() - timedelta(**ago))
    headers = signer.headers("POST", f"{group.address}{RECEIPTS}", orjson.dumps(body), key)
    return {**headers, "Content-Type": "application/json"}


def sent(group: Group, content: bytes, headers: dict[str, str], path: str = RECEIPTS) -> httpx2.Response:
    """Send bytes with headers as they are."""
    return group.web.post(f"{group.address}{path}", content=content, headers=headers)


def settled(member: Caller, body: dict[str, Any], key: str) -> httpx2.Response:
    """Redeem, again under the same key while the group asks for it, and give the answer that stands."""
    while True:
        answer = member.post("/points/v1/redemptions", body, key)
        if "retry-after" not in answer.headers:
            return answer


def test_a_signed_request_is_good_once_and_only_as_it_was_signed(group: Group) -> None:
    body, key = receipt("office", fresh_key(), 1_000), fresh_key()
    content = orjson.dumps(body)
    headers = signed(group, "till-office", body, key)
    assert sent(group, content, headers).status_code == 201
    again = sent(group, content, headers)
    assert (again.status_code, again.json()["code"]) == (401, "signature-used"), again.text
    fresh = signed(group, "till-office", body, key)
    assert sent(group, content + b" ", fresh).status_code == 401
    assert sent(group, content, {**fresh, "Idempotency-Key": fresh_key()}).status_code == 401
    assert sent(group, content, fresh, f"{RECEIPTS}?a=1").status_code == 401
    assert sent(group, content, fresh, "/points/v1/batches").status_code == 401
    covers_less = fresh["Signature-Input"].replace(' "content-digest"', "")
    assert sent(group, content, {**fresh, "Signature-Input": covers_less}).status_code == 401
    other_name = fresh["Signature-Input"].replace('"till-office"', '"till-hotel"')
    assert sent(group, content, {**fresh, "Signature-Input": other_name}).status_code == 401
    assert sent(group, content, signed(group, "till-office", body, key, seconds=301)).status_code == 401
    assert sent(group, content, signed(group, "till-office", body, key, seconds=-60)).status_code == 401
    late = sent(group, content, signed(group, "till-office", body, key, seconds=290))
    assert (late.status_code, late.headers["idempotent-replayed"]) == (201, "true")


Bent = Callable[[dict[str, Any], dict[str, Any], bytes], str]
"""Makes a token of good header and claims and of the public key's bytes, in which one thing is not ours."""


def _part(value: object) -> str:
    raw = value if isinstance(value, bytes) else orjson.dumps(value)
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _by_forger(header: dict[str, Any], claims: dict[str, Any], _: bytes = b"") -> str:
    text = f"{_part(header)}.{_part(claims)}"
    return f"{text}.{_part(_FORGER.sign(text.encode()))}"


def _by_secret(header: dict[str, Any], claims: dict[str, Any], secret: bytes) -> str:
    text = f"{_part({**header, 'alg': 'HS256'})}.{_part(claims)}"
    return f"{text}.{_part(hmac.new(secret, text.encode(), sha256).digest())}"


_FORGER = new_private_key()
_BROUGHT = OKPKey.import_key(_FORGER).as_dict(private=False)
BENT: Mapping[str, Bent] = {
    "none": lambda header, claims, _: f"{_part({**header, 'alg': 'none'})}.{_part(claims)}.",
    "HS256 with the public key": _by_secret,
    "HS256 with the public key as text": lambda header, claims, key: _by_secret(
        header, claims, _part(key).encode()
    ),
    "another's signature": _by_forger,
    "embedded key": lambda header, claims, _: _by_forger({**header, "jwk": _BROUGHT}, claims),
    "unknown kid": lambda header, claims, _: _by_forger({**header, "kid": fresh_key()}, claims),
    "embedded key of its own kid": lambda header, claims, _: _by_forger(
        {**header, "kid": fresh_key(), "jwk": _BROUGHT}, claims
    ),
}


def good_token(group: Group) -> str:
    """Give the token that an operator got at the door."""
    proof = group.staff("operator-1").prove("GET", "", b"", None)
    return proof["Authorization"].removeprefix("Bearer ")


def parts_of(group: Group, token: str) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    """Take a good token apart: header, claims, and the raw public key that its header names."""
    header, claims, _ = token.split(".")
    named = orjson.loads(urlsafe_b64decode(header + "==="))
    (text,) = (
        key["x"] for key in group.stranger.get("/member/v1/keys").json()["keys"] if key["kid"] == named["kid"]
    )
    public = urlsafe_b64decode(text + "===")
    assert len(public) == 32
    return named, orjson.loads(urlsafe_b64decode(claims + "===")), public


@pytest.mark.parametrize("bent", BENT)
def test_a_token_in_which_one_thing_is_not_ours_opens_nothing(group: Group, bent: str) -> None:
    good = good_token(group)
    header, claims, public = parts_of(group, good)
    # Put together again as it was it is the good token: what opens nothing below is what was bent.
    assert f"{_part(header)}.{_part(claims)}" == good.rpartition(".")[0]
    assert (claims["sub"], claims["role"], header["alg"]) == ("operator-1", "operator", "Ed25519")
    forger = Caller(group.address, group.web, by_token(BENT[bent](header, claims, public)))
    for path in ("/points/v1/audit", "/points/v1/units", "/member/v1/clients"):
        assert Caller(group.address, group.web, by_token(good)).get(path).status_code == 200
        assert forger.get(path).status_code == 401
    assert forger.post("/points/v1/months/2031-02/open").status_code == 401


def test_a_token_whose_claims_were_changed_under_its_signature_opens_nothing(group: Group) -> None:
    good = good_token(group)
    header, claims, _ = parts_of(group, good)
    signature = good.rpartition(".")[2]
    for changed in ({"sub": "operator-2"}, {"role": "finance", "unit": "hotel"}, {"exp": claims["exp"] + 1}):
        token = f"{_part(header)}.{_part({**claims, **changed})}.{signature}"
        assert Caller(group.address, group.web, by_token(token)).get("/points/v1/units").status_code == 401


@pytest.mark.parametrize("door", ["the gateway", "points"])
def test_a_token_of_a_megabyte_is_refused(group: Group, door: str) -> None:
    address = group.address if door == "the gateway" else group.service("points")
    header, claims, _ = parts_of(group, good_token(group))
    token = _by_forger(header, {**claims, "note": "x" * 1_000_000})
    assert len(token) > 1_000_000
    answer = Caller(address, group.web, by_token(token)).get("/points/v1/units")
    print(f"a token of {len(token)} characters at {door}: {answer.status_code}")
    assert answer.status_code in (401, 431)


def test_twins_at_the_same_moment_have_one_effect_and_one_answer(group: Group) -> None:
    number, order, key = fresh_key(), fresh_key(), fresh_key()
    member = group.person(office=number)
    earned(group, "office", number, 40_000)

    def pay(_: int) -> httpx2.Response:
        return settled(member, wish(order, 150), key)

    with ThreadPoolExecutor(20) as crowd:
        answers = list(crowd.map(pay, range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert wallet(member) == {"OFFI": 50}


def test_of_twenty_redemptions_at_once_exactly_the_affordable_ones_happen(group: Group) -> None:
    number = fresh_key()
    member = group.person(office=number)
    # 950 points: nine times 100, the rest is less than the minimum.
    earned(group, "office", number, 190_000)

    def pay(_: int) -> int:
        return settled(member, wish(fresh_key(), 100), fresh_key()).status_code

    with ThreadPoolExecutor(20) as crowd:
        answers = list(crowd.map(pay, range(20)))
    assert sorted(answers) == [201] * 9 + [409] * 11
    assert wallet(member) == {"OFFI": 50}


def test_one_order_wanted_by_many_is_redeemed_by_one(group: Group) -> None:
    order = fresh_key()
    members = []
    for _ in range(4):
        number = fresh_key()
        members.append(group.person(office=number))
        earned(group, "office", number, 40_000)

    def pay(member: Caller) -> httpx2.Response:
        return settled(member, wish(order, 200), fresh_key())

    with ThreadPoolExecutor(4) as crowd:
        answers = list(crowd.map(pay, members))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"order-redeemed"}
    assert sorted(sum(wallet(member).values()) for member in members) == [0, 200, 200, 200]
