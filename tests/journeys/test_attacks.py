"""What attackers on the line or in a crowd try at the real doors: nothing moves twice, nobody is believed."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from infra.seed.keys import private_key
from shared.runtime.clock import now
from shared.web.keys import private_key_of
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
    assert again.status_code == 401, again.text
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


@pytest.mark.parametrize("alike", ["none", "HS256 with the public key", "embedded key", "unknown kid"])
def test_a_token_that_we_did_not_mint_opens_nothing(group: Group, alike: str) -> None:
    (key,) = group.stranger.get("/member/v1/keys").json()["keys"][:1]
    moment = int(now().timestamp())
    claims = {"sub": "operator-1", "role": "operator", "iat": moment, "exp": moment + 600, "aud": "tongfen"}
    own = OKPKey.generate_key("Ed25519")
    if alike == "none":
        token = f"{_part({'alg': 'none', 'kid': key['kid']})}.{_part(claims)}."
    elif alike == "HS256 with the public key":
        header = {"alg": "HS256", "kid": key["kid"]}
        token = jwt.encode(header, claims, OctKey.import_key(key["x"].encode() * 2))
    else:
        header = {"alg": "Ed25519", "kid": key["kid"] if alike == "embedded key" else fresh_key()}
        if alike == "embedded key":
            header["jwk"] = own.as_dict(private=False)
        token = jwt.encode(header, claims, own, algorithms=["Ed25519"])
    forger = Caller(group.address, group.web, by_token(token))
    for path in ("/points/v1/audit", "/points/v1/units", "/member/v1/clients"):
        assert forger.get(path).status_code == 401
    assert forger.post("/points/v1/months/2031-02/open").status_code == 401


def _part(claims: dict[str, Any]) -> str:
    return urlsafe_b64encode(orjson.dumps(claims)).rstrip(b"=").decode()


def test_a_token_of_a_megabyte_is_refused_before_it_is_read(group: Group) -> None:
    huge = Caller(group.service("points"), group.web, by_token("a" * 60_000))
    assert huge.get("/points/v1/units").status_code in (401, 431)


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
