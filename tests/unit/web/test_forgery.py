"""Signed requests of which anything was changed on the way: believed only where they still say the same.

Nobody examines here but the signature itself: what a door would read of a believed request (method, address,
query, body, key, signer, number) is what its client signed.
"""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from services.member.api.clients import ClientWanted
from shared.kernel.principal import Role
from shared.kernel.refusal import Malformed, Unauthenticated
from shared.web.arrival import Arrival
from shared.web.callers import Signed
from shared.web.clients import Client, ClientsInMemory
from shared.web.keys import is_signed_by, new_private_key, public_key_text
from shared.web.signatures import RequestSigner, RequestVerifier
from shared.web.strict import parse
from tests.unit.web.errand import GOOD, arrived

KEYS = {name: new_private_key() for name in ("importer", "till-hotel")}
VERIFIER = RequestVerifier(
    ClientsInMemory(
        {name: Client(name, Role.UNIT_SYSTEM, "hotel", key.public_key()) for name, key in KEYS.items()}
    )
)
ODD = st.sampled_from('"\\ \t;=,():@/?&#.%aAZ019*-_é\x00\x0b\r\n\x1f\x7f\x85\xa0\xff')
PUT_IN = (
    ODD
    | st.text(ODD, max_size=3)
    | st.sampled_from(["/../", "%2F", ":80", ":443", "?", "&a=1", ", ", '"\n"'])
)


class Request(NamedTuple):
    """What travels: everything that somebody on the way could change."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def arrival(self) -> Arrival:
        """Let it arrive."""
        return arrived(*self.headers, method=self.method, path=self.path, query=self.query)


class Meaning(NamedTuple):
    """What a door reads of a request that it believes."""

    method: str
    host: str
    path: str
    query: bytes
    body: bytes
    key: bytes
    signed: Signed


def believed(request: Request) -> Meaning | None:
    """Give what a door would read, or None where it believes nothing."""
    arrival = request.arrival()
    try:
        signed = VERIFIER.verify(arrival, request.body, write=request.method != "GET")
    except Unauthenticated:
        return None
    host = (arrival.header(b"host") or "").lower().removesuffix(":80")
    # Of a read no door looks at body or key.
    write = request.method != "GET"
    key = arrival.headers.get(b"idempotency-key", b"").strip(b" \t") if write else b""
    body = request.body if write else b""
    return Meaning(arrival.method, host, arrival.raw_path, arrival.query, body, key, signed)


def signed(name: str, method: str, key: str | None) -> Request:
    """Sign a request as its client does."""
    address = "http://tongfen.test/points/v1/holds"
    headers = RequestSigner(name, KEYS[name]).headers(method, f"{address}?limit=5", GOOD, key)
    headers = {"Host": "tongfen.test", **headers}
    return Request(method, "/points/v1/holds", "limit=5", tuple(headers.items()), GOOD)


SIGNED = [
    signed("importer", "POST", "key-1"),
    signed("importer", "POST", "key-2"),
    signed("importer", "POST", None),
    signed("importer", "GET", None),
    signed("till-hotel", "POST", "key-1"),
]
MEANT = [believed(request) for request in SIGNED]


def bent(data: st.DataObject, text: str) -> str:
    """Put something in anywhere, above all at the edges, and take a little out."""
    start = data.draw(st.sampled_from([0, len(text)]) | st.integers(0, len(text)))
    return text[:start] + data.draw(PUT_IN) + text[start + data.draw(st.sampled_from([0, 0, 1, 3])) :]


def with_other_headers(data: st.DataObject, request: Request) -> Request:
    """Change, repeat, drop, move or borrow one line of the headers."""
    lines = list(request.headers)
    place = data.draw(st.integers(0, len(lines) - 1))
    name, value = lines[place]
    how = data.draw(st.sampled_from(["bend", "bend", "repeat", "drop", "move", "borrow"]))
    if how == "bend":
        lines[place] = (name, bent(data, value))
    elif how == "repeat":
        again = data.draw(st.sampled_from([value, "", bent(data, value)]))
        lines.insert(data.draw(st.integers(0, len(lines))), (name, again))
    elif how == "borrow":
        lines[place] = data.draw(st.sampled_from(data.draw(st.sampled_from(SIGNED)).headers))
    else:
        del lines[place]
        if how == "move":
            lines.append((name, value))
    return request._replace(headers=tuple(lines))


def test_every_one_of_them_is_believed_as_it_was_signed() -> None:
    assert None not in MEANT


@settings(max_examples=400)
@given(st.data())
def test_whatever_is_believed_says_what_its_client_signed(data: st.DataObject) -> None:
    request = data.draw(st.sampled_from(SIGNED))
    for _ in range(data.draw(st.integers(1, 3))):
        match data.draw(
            st.sampled_from(["headers", "headers", "headers", "method", "path", "query", "body"])
        ):
            case "method":
                request = request._replace(method=data.draw(st.sampled_from(["GET", "POST", "PUT", "HEAD"])))
            case "path":
                request = request._replace(path=bent(data, request.path))
            case "query":
                request = request._replace(query=bent(data, request.query))
            case "body":
                request = request._replace(
                    body=data.draw(st.sampled_from([b"", GOOD + b" ", GOOD[:-1], GOOD]))
                )
            case _:
                request = with_other_headers(data, request)
    meaning = believed(request)
    assert meaning is None or meaning in MEANT


ORDER = 2**252 + 27742317777372353535851937790883648493
"""Of the group that Ed25519 signs in. Source: RFC 8032, section 5.1."""

WEAK_KEYS = (
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
)
"""The eight points of small order: under such a key one signature is true of many texts, or of all."""


def test_of_one_text_there_is_one_signature() -> None:
    key = KEYS["importer"]
    signature = key.sign(b"paid")
    scalar = int.from_bytes(signature[32:], "little")
    for more in (1, 2, 15):
        other = scalar + more * ORDER
        if other < 2**256:
            assert not is_signed_by(key.public_key(), signature[:32] + other.to_bytes(32, "little"), b"paid")
    for bit in range(512):
        flipped = bytearray(signature)
        flipped[bit // 8] ^= 1 << bit % 8
        assert not is_signed_by(key.public_key(), bytes(flipped), b"paid")


@pytest.mark.parametrize("weak", WEAK_KEYS)
def test_a_weak_key_signs_nothing(weak: str) -> None:
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(weak))
    for point in WEAK_KEYS:
        signature = bytes.fromhex(point) + bytes(32)
        for text in (b"paid", b"paid twice", b"", b"1"):
            assert not is_signed_by(key, signature, text)


@pytest.mark.parametrize("weak", [*WEAK_KEYS, f"02{'00' * 31}", "ff" * 32])
def test_a_key_under_which_strangers_could_sign_is_not_registered(weak: str) -> None:
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(weak))
    body = {
        "client": "till-hotel",
        "role": "unit-system",
        "unit": "hotel",
        "public_key": public_key_text(key),
    }
    with pytest.raises(Malformed) as refused:
        parse(ClientWanted, json.dumps(body).encode())
    (fault,) = refused.value.facts["faults"]
    assert (fault["pointer"], fault["rule"]) == ("/public_key", "weak-key")
    sound = {**body, "public_key": public_key_text(KEYS["till-hotel"])}
    assert parse(ClientWanted, json.dumps(sound).encode()).public_key == sound["public_key"]
