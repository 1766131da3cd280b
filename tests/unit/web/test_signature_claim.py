"""Claims of signatures: what the standard's own example and library sign is true, and nothing else is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import SimpleNamespace

import pytest
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    MappingKeyResolver,
)
from http_message_signatures.algorithms import ED25519
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.web.arrival import Arrival
from shared.web.keys import is_signed_by, new_private_key, public_key_of
from shared.web.signature_claim import SignatureClaim
from tests.unit.web.errand import arrived

KEY = new_private_key()
PUBLIC = KEY.public_key()
RESOLVER = MappingKeyResolver(public_keys={"till": PUBLIC}, private_keys={"till": KEY})
URL = "http://tongfen.test/points/v1/holds?limit=5"
COMPONENTS = ("@method", "@authority", "@path", "@query", "content-digest", "idempotency-key")
SENT = {
    "Idempotency-Key": "key-1",
    "Content-Digest": "sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:",
}

RFC_KEY = public_key_of("JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs")
RFC_HEADERS = {
    "Host": "example.com",
    "Date": "Tue, 20 Apr 2021 02:07:55 GMT",
    "Content-Type": "application/json",
    "Content-Length": "18",
    "Signature-Input": 'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length")'
    ';created=1618884473;keyid="test-key-ed25519"',
    "Signature": "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb"
    "04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:",
}
"""The example of RFC 9421, appendix B.2.6; the key is that of B.1.4."""


def posted(headers: Mapping[str, str], path: str = "/points/v1/holds", query: str = "limit=5") -> Arrival:
    """Let a POST arrive with these headers."""
    return arrived(*headers.items(), path=path, query=query)


def signed(components: tuple[str, ...] = COMPONENTS) -> dict[str, str]:
    """Let the library sign the request."""
    headers = {"Host": "tongfen.test", **SENT}
    HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=RESOLVER).sign(
        SimpleNamespace(method="POST", url=URL, headers=headers),
        key_id="till",
        label="sig",
        nonce="n" * 24,
        covered_component_ids=components,
        use_existing_digest=True,
    )
    return headers


def is_true(headers: Mapping[str, str]) -> bool:
    """Tell whether we believe these headers."""
    arrival = posted(headers)
    try:
        return SignatureClaim.of(arrival.headers).is_true(PUBLIC, arrival)
    except ValueError:
        return False


def is_true_to_the_library(headers: Mapping[str, str]) -> bool:
    """Tell whether the library believes them."""
    verifier = HTTPMessageVerifier(signature_algorithm=ED25519, key_resolver=RESOLVER)
    message = SimpleNamespace(method="POST", url=URL, headers=dict(headers))
    try:
        return len(verifier.verify(message)) == 1
    except HTTPMessageSignaturesException:
        return False


def test_the_example_of_the_standard_is_true() -> None:
    arrival = posted(RFC_HEADERS, "/foo", "param=Value&Pet=dog")
    claim = SignatureClaim.of(arrival.headers)
    assert claim.is_true(RFC_KEY, arrival)
    assert (claim.parameters.keyid, claim.parameters.created) == ("test-key-ed25519", 1618884473)
    elsewhere = posted(RFC_HEADERS, "/fop", "param=Value&Pet=dog")
    assert not SignatureClaim.of(elsewhere.headers).is_true(RFC_KEY, elsewhere)


@given(st.permutations(COMPONENTS), st.integers(0, len(COMPONENTS)))
def test_what_the_library_signs_is_true_in_any_order(order: list[str], many: int) -> None:
    assert is_true(signed(tuple(order[:many])))


@pytest.mark.parametrize(
    ("pattern", "instead"),
    [(r'" "', '"   "'), (r'\("', '(  "'), (r'"\)', '" )'), (r";created", "; created"), (r"^sig", "  sig")],
)
def test_who_spaces_otherwise_signed_the_text_of_the_standard(pattern: str, instead: str) -> None:
    headers = signed()
    spaced = {**headers, "Signature-Input": re.sub(pattern, instead, headers["Signature-Input"])}
    assert is_true(spaced)
    assert is_true_to_the_library(spaced)


ODD = st.sampled_from('"\\ \t;=,():@aZ019?*-%é\x00\x0b\r\n\x1c\x1f\x7f\x85\xa0\xff')
PIECES = [
    '"@method"',
    ";created=1",
    ";expires=1",
    ';keyid="till"',
    ', b=("@path")',
    ":AAAA:",
    '\\"',
    ";req",
    ");",
]
PUT_IN = ODD | st.text(ODD, max_size=3) | st.sampled_from(PIECES)
"""What is put into a header: what separates, what looks empty and is not, whole pieces of claims."""


@settings(max_examples=400)
@given(st.data())
def test_whatever_is_bent_is_true_only_where_the_library_thinks_so_too(data: st.DataObject) -> None:
    bent = signed()
    for _ in range(data.draw(st.integers(1, 2))):
        name = data.draw(st.sampled_from(["Signature-Input", "Signature", *SENT]))
        text = bent[name]
        start = data.draw(st.sampled_from([0, len(text)]) | st.integers(0, len(text)))
        end = start + data.draw(st.sampled_from([0, 0, 1, 3]))
        bent[name] = text[:start] + data.draw(PUT_IN) + text[end:]
    assert is_true_to_the_library(bent) or not is_true(bent)


@pytest.mark.parametrize("blank", ["\x0b", "\x1c", "\x1f", "\x85", "\xa0", "\r\n"])
@pytest.mark.parametrize("name", ["Idempotency-Key", "Content-Digest"])
def test_what_only_looks_like_a_blank_belongs_to_the_component(name: str, blank: str) -> None:
    headers = signed()
    assert is_true({**headers, name: f" \t{headers[name]}\t "})
    for changed in (headers[name] + blank, blank + headers[name]):
        assert not is_true({**headers, name: changed})


@pytest.mark.parametrize(
    "more",
    [
        ';created="1"',
        ";created=?1",
        ";created=-1",
        ";expires=1.5",
        ";keyid=till",
        ";nonce=:AAAA:",
        ';alg="rsa"',
        ";alg=ed25519",
        ";tag=5",
        ";other=1",
    ],
)
def test_a_parameter_of_another_kind_or_name_is_no_claim(more: str) -> None:
    headers = signed()
    with pytest.raises(ValueError):
        SignatureClaim.of(posted({**headers, "Signature-Input": headers["Signature-Input"] + more}).headers)


@pytest.mark.parametrize(
    "component", ['"content-digest";sf', '"@method";req', "@method", "method", "5", "?1"]
)
def test_a_component_is_a_bare_name(component: str) -> None:
    headers = signed()
    named = headers["Signature-Input"].replace('"@method"', component)
    with pytest.raises(ValueError):
        SignatureClaim.of(posted({**headers, "Signature-Input": named}).headers)


def test_a_component_that_was_not_sent_or_breaks_its_line_is_refused() -> None:
    headers = signed()
    for changed in ({"Idempotency-Key": 'key-1\n"x": 1'}, {"Idempotency-Key": "key-1\x7f"}):
        arrival = posted({**headers, **changed})
        with pytest.raises(ValueError, match="line break"):
            SignatureClaim.of(arrival.headers).is_true(PUBLIC, arrival)
    arrival = posted({name: value for name, value in headers.items() if name != "Idempotency-Key"})
    with pytest.raises(ValueError, match="not sent"):
        SignatureClaim.of(arrival.headers).is_true(PUBLIC, arrival)


def test_no_byte_passes_from_the_signature_to_the_text_or_back() -> None:
    signature = KEY.sign(b"paid")
    assert is_signed_by(PUBLIC, signature, b"paid")
    assert not is_signed_by(PUBLIC, signature + b"p", b"aid")
    assert not is_signed_by(PUBLIC, signature[:63], signature[63:] + b"paid")
    assert not is_signed_by(PUBLIC, b"", signature + b"paid")
