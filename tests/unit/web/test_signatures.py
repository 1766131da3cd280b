"""Signed requests: what was signed passes, once for a write; anything else is 401."""

import base64
import hashlib
import re
from datetime import datetime, timedelta
from hashlib import sha256
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import ContentDigest, HTTPMessageSigner, MappingKeyResolver
from http_message_signatures.algorithms import ED25519
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.principal import Principal, Role
from shared.runtime.clock import now
from shared.web.application import Application
from shared.web.clients import Client, ClientsInMemory
from shared.web.keys import new_private_key, private_key_of, private_key_text, public_key_of, public_key_text
from shared.web.signatures import KEYED_COMPONENTS, RequestSigner, RequestVerifier
from tests.unit.web.errand import GOOD, Said, Stub, ask

KEY, OTHER_KEY = new_private_key(), new_private_key()
URL = "http://tongfen.test/test/v1/redemptions"


def book() -> ClientsInMemory:
    """Make a book of two clients."""
    clients = ClientsInMemory()
    clients.register(Client("importer", Role.IMPORTER, None, KEY.public_key()))
    clients.register(Client("till-hotel", Role.UNIT_SYSTEM, "hotel", OTHER_KEY.public_key()))
    return clients


def service() -> tuple[Stub, Application]:
    """Make a service that believes signatures of that book."""
    stub = Stub()
    return stub, stub.application(signatures=RequestVerifier(book()))


def signer(
    key: Ed25519PrivateKey = KEY, client: str = "importer", at: datetime | None = None
) -> RequestSigner:
    """Make a signer, its clock perhaps elsewhere."""
    return RequestSigner(client, key, clock=lambda: at or now())


def written(key: str | None = "key-1") -> dict[str, str]:
    """Sign the good write."""
    return signer().headers("POST", URL, GOOD, key)


def cause(said: Said) -> str:
    """Give why a request is refused with 401."""
    assert (said.status, said.json["code"]) == (401, "unauthenticated")
    return str(said.json["cause"])


def send(headers: dict[str, str], body: bytes = GOOD, **where: str) -> Said:
    """Send a write with these headers."""
    return ask(service()[1], body=body, headers={**headers, **where})


class Late:
    """Keys that come to be known when they are read again; counts how often they are."""

    def __init__(self, clients: ClientsInMemory, *young: Client) -> None:
        self.clients = clients
        self.young = list(young)
        self.read = 0

    async def learn(self) -> bool:
        """Read again."""
        self.read += 1
        found, self.young = self.young, []
        for client in found:
            self.clients.register(client)
        return bool(found)


def test_a_client_or_a_key_that_is_younger_than_what_is_known_is_read_before_anybody_is_refused() -> None:
    young = new_private_key()
    for client in ("till-young", "importer"):
        late = Late(book(), Client(client, Role.IMPORTER, None, young.public_key()))
        stub = Stub()
        application = stub.application(signatures=RequestVerifier(late.clients), learn=late.learn)
        headers = RequestSigner(client, young).headers("POST", URL, GOOD, "key-1")
        assert ask(application, body=GOOD, headers=headers).status == 201
        assert late.read == 1
        assert ask(application, body=GOOD, headers=headers).status == 201
        assert late.read == 1


def test_whoever_stays_unknown_is_refused_after_one_reading_and_what_is_wrong_otherwise_at_once() -> None:
    late = Late(book())
    application = Stub().application(signatures=RequestVerifier(late.clients), learn=late.learn)
    stranger = RequestSigner("nobody", new_private_key()).headers("POST", URL, GOOD, "key-1")
    assert cause(ask(application, body=GOOD, headers=stranger)) == "signature-invalid"
    assert late.read == 1
    old = signer(at=now() - timedelta(seconds=301)).headers("POST", URL, GOOD, "key-1")
    assert cause(ask(application, body=GOOD, headers=old)) == "signature-too-old"
    assert cause(ask(application, body=GOOD, headers={"Idempotency-Key": "key-1"})) == "no-proof"
    assert late.read == 1


def test_a_signed_write_comes_with_its_signer_and_a_number_for_the_desk() -> None:
    stub, application = service()
    assert ask(application, body=GOOD, headers=written()).status == 201
    (asked,) = stub.asked
    assert asked.principal == Principal("importer", Role.IMPORTER)
    assert asked.nonce is not None
    assert re.fullmatch(r"importer:[\w-]{24}", asked.nonce.name)
    assert asked.nonce.owner == asked.id
    assert timedelta(seconds=295) < asked.nonce.expires_at - now() <= timedelta(seconds=305)


def test_every_signature_has_a_number_of_its_own() -> None:
    stub, application = service()
    for _ in range(3):
        ask(application, body=GOOD, headers=written())
    assert len({asked.nonce.name for asked in stub.asked if asked.nonce}) == 3


def test_a_signed_read_needs_no_desk() -> None:
    _, application = service()
    headers = signer().headers("GET", f"{URL}?limit=5")
    assert ask(application, "GET", headers=headers, query="limit=5").status == 200
    assert cause(ask(application, "GET", headers=headers, query="limit=6")) == "signature-invalid"
    assert cause(ask(application, "GET", headers=headers)) == "signature-invalid"


def test_the_address_is_the_one_the_client_called() -> None:
    headers = signer().headers("POST", "https://TONGFEN.test:443/test/v1/redemptions", GOOD, "key-1")
    assert send(headers).status == 201
    headers = signer().headers("POST", "http://tongfen.test:8080/test/v1/redemptions", GOOD, "key-1")
    assert send(headers, host="tongfen.test:8080").status == 201
    assert cause(send(headers)) == "signature-invalid"


def test_refuses_another_body_digest_key_method_or_address() -> None:
    _, application = service()
    good = written()
    changed = GOOD.replace(b"100", b"900")
    digest = f"sha-256=:{base64.b64encode(sha256(changed).digest()).decode()}:"
    assert cause(ask(application, body=changed, headers=good)) == "signature-invalid"
    assert (
        cause(ask(application, body=changed, headers={**good, "Content-Digest": digest}))
        == "signature-invalid"
    )
    assert (
        cause(ask(application, body=GOOD, headers={**good, "Idempotency-Key": "key-2"}))
        == "signature-invalid"
    )
    assert cause(ask(application, "GET", headers=good)) == "components-not-covered"
    assert cause(ask(application, body=GOOD, headers=good, query="a=1")) == "signature-invalid"
    assert cause(send(good, host="elsewhere.test")) == "signature-invalid"
    without = {name: value for name, value in good.items() if name != "Content-Digest"}
    assert cause(ask(application, body=GOOD, headers=without)) == "signature-invalid"


def test_refuses_a_signature_that_leaves_something_open() -> None:
    unkeyed = written(key=None)
    assert cause(send({**unkeyed, "Idempotency-Key": "key-1"})) == "components-not-covered"
    assert send(unkeyed).json["code"] == "key-missing"
    read = signer().headers("GET", URL)
    assert cause(send({**read, "Idempotency-Key": "key-1"})) == "components-not-covered"
    assert cause(ask(service()[1], "GET", headers=written())) == "components-not-covered"


# `created` has whole seconds and the request takes a moment: the last two of 300 s are nobody's for sure.
@pytest.mark.parametrize(("age_s", "status"), [(298, 201), (301, 401), (3600, 401), (-3, 201), (-8, 401)])
def test_believes_a_signature_for_five_minutes(age_s: int, status: int) -> None:
    headers = signer(at=now() - timedelta(seconds=age_s)).headers("POST", URL, GOOD, "key-1")
    assert send(headers).status == status


def test_refuses_another_clients_key_and_a_client_nobody_knows() -> None:
    for stranger in (signer(OTHER_KEY), signer(KEY, "till-hotel"), signer(KEY, "nobody"), signer(KEY, "")):
        assert cause(send(stranger.headers("POST", URL, GOOD, "key-1"))) == "signature-invalid"


def test_refuses_a_client_that_was_revoked() -> None:
    clients = book()
    application = Stub().application(signatures=RequestVerifier(clients))
    assert ask(application, body=GOOD, headers=written()).status == 201
    clients.revoke("importer")
    assert cause(ask(application, body=GOOD, headers=written())) == "signature-invalid"


def test_a_role_passes_only_where_it_may() -> None:
    headers = signer(OTHER_KEY, "till-hotel").headers("POST", URL, GOOD, "key-1")
    assert send(headers).status == 403


@pytest.mark.parametrize(
    ("pattern", "instead"),
    [
        (r';nonce="[^"]*"', ""),
        (r'nonce="[^"]*"', 'nonce="short"'),
        (r";created=\d+", ""),
        (r"created=\d+", "created=99999999999999"),
        (r'keyid="importer"', "keyid=5"),
        (r'alg="ed25519"', 'alg="hmac-sha256"'),
        (r"tongfen=", "other="),
        (r'"@method" ', ""),
        (r'"@method"', '"@method" "@method"'),
        (r'"@path"', '"@target-uri"'),
        (r".*", "!"),
        (r".*", ""),
        (r"$", ', second=("@method");created=1;keyid="importer"'),
    ],
)
def test_refuses_a_bent_signature_input(pattern: str, instead: str) -> None:
    headers = written()
    headers["Signature-Input"] = re.sub(pattern, instead, headers["Signature-Input"], count=1)
    assert cause(send(headers)) in {"signature-invalid", "components-not-covered"}


class AnyDigest(ContentDigest):
    """Signs whatever digest is said."""

    @classmethod
    def prepare(cls, *_: object, **__: object) -> None:
        """Leave the headers as they are."""


def by_hand(
    components: tuple[str, ...], nonce: str | None, more: dict[str, str] | None = None
) -> dict[str, str]:
    """Sign the good write with the good key, but with other components or another number."""
    resolver = MappingKeyResolver(public_keys={}, private_keys={"importer": KEY})
    headers = {"Idempotency-Key": "key-1", "X-Extra": "1", **(more or {})}
    body = GOOD if "content-digest" in components and not more else None
    message = SimpleNamespace(method="POST", url=URL, headers=headers)
    signer = HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=resolver)
    if more:
        signer.content_digest_class = AnyDigest
    signer.sign(
        message,
        key_id="importer",
        nonce=nonce,
        label="tongfen",
        covered_component_ids=[name for name in components if name != "content-digest" or body is None],
        body=body,
    )
    return headers


def test_a_valid_signature_over_anything_but_the_agreed_components_is_refused() -> None:
    nonce = "n" * 24
    assert send(by_hand(KEYED_COMPONENTS, nonce)).status == 201
    for left_out in KEYED_COMPONENTS:
        rest = tuple(name for name in KEYED_COMPONENTS if name != left_out)
        assert cause(send(by_hand(rest, nonce))) == "components-not-covered", left_out
    assert cause(send(by_hand((*KEYED_COMPONENTS, "x-extra"), nonce))) == "components-not-covered"


def digest(name: str, of: bytes) -> str:
    """Write one digest of a body."""
    digested = hashlib.new(name.replace("-", ""), of).digest()
    return f"{name}=:{base64.b64encode(digested).decode()}:"


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (digest("sha-256", GOOD), 201),
        (digest("sha-512", GOOD), 201),
        (f"{digest('sha-256', GOOD)}, {digest('sha-512', GOOD)}", 201),
        (f"{digest('sha-256', GOOD)};more=1", 201),
        (digest("sha-256", b"{}"), 401),
        (digest("sha-512", b"{}"), 401),
        (f"{digest('sha-256', GOOD)}, {digest('sha-512', b'{}')}", 401),
        (digest("sha-256", GOOD) * 2, 401),
        ("md5=:AAAA:", 401),
        ("sha-256=:AAAA:", 401),
        ("", 401),
        (f'{digest("sha-256", GOOD)};more="{"x" * 4_096}"', 401),
    ],
)
def test_a_signed_digest_must_be_the_bodys(said: str, status: int) -> None:
    assert send(by_hand(KEYED_COMPONENTS, "n" * 24, {"Content-Digest": said})).status == status


@pytest.mark.parametrize("nonce", [None, "", "short", "n" * 65, "n" * 20 + " ", "n" * 20 + ":"])
def test_a_valid_signature_without_a_proper_number_is_refused(nonce: str | None) -> None:
    assert cause(send(by_hand(KEYED_COMPONENTS, nonce))) == "nonce-missing"


@pytest.mark.parametrize("signature", ["tongfen=:AAAA:", "tongfen=:%%%:", "tongfen=5", "", "x" * 10_000])
def test_refuses_a_bent_signature(signature: str) -> None:
    assert cause(send({**written(), "Signature": signature})) == "signature-invalid"


@given(
    st.text(st.characters(max_codepoint=255), max_size=80),
    st.sampled_from(["Signature", "Signature-Input", "Content-Digest"]),
)
def test_no_header_is_a_defect(value: str, name: str) -> None:
    assert send({**written(), name: value}).status == 401


def test_keys_survive_being_written_down() -> None:
    assert public_key_of(public_key_text(KEY)) == KEY.public_key()
    assert public_key_text(private_key_of(private_key_text(KEY))) == public_key_text(KEY)
    for wrong in ("", "a", "é", "A" * 42, "A" * 44):
        with pytest.raises(ValueError):
            public_key_of(wrong)
