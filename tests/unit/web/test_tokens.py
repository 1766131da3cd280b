"""Tokens: what is ours passes, whatever was bent is 401, and no key is ever fetched."""

import base64
import hashlib
import hmac
from datetime import timedelta
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OKPKey

from shared.kernel.principal import Principal, Role
from shared.kernel.refusal import Unauthenticated
from shared.runtime.clock import now
from shared.web import tokens
from shared.web.keys import new_private_key, public_key_text
from shared.web.tokens import TokenReader, mint_token
from tests.key_book import KeysInMemory
from tests.unit.web.errand import GOOD, PROVEN, Stub, ask

KEY = new_private_key()
MEMBER = Principal("mem_1", Role.MEMBER)
QUARTER = timedelta(minutes=15)


class CountedKeys(KeysInMemory):
    """A key book that counts how often it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.publish("k1", KEY.public_key(), now() + timedelta(days=1))

    def find(self, kid: str) -> Ed25519PublicKey | None:
        """Find a key, counted."""
        self.asked += 1
        return super().find(kid)


def reader() -> TokenReader:
    """Make a reader that knows one key."""
    return TokenReader(CountedKeys())


def part(value: Any) -> str:
    """Write one part of a token."""
    raw = value if isinstance(value, bytes) else orjson.dumps(value)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def claims(**changed: Any) -> dict[str, Any]:
    """Write the claims of a good token, some of them changed or left out (None)."""
    issued = int(now().timestamp())
    good = {
        "iss": tokens.ISSUER,
        "aud": tokens.AUDIENCE,
        "sub": "mem_1",
        "role": "member",
        "iat": issued,
        "exp": issued + 900,
    }
    return {name: value for name, value in {**good, **changed}.items() if value is not None}


def signed(header: dict[str, Any], payload: Any) -> str:
    """Sign anything with the good key."""
    text = f"{part(header)}.{part(payload)}"
    return f"{text}.{part(KEY.sign(text.encode()))}"


GOOD_HEADER = {"alg": "Ed25519", "kid": "k1", "typ": "at+jwt"}


def cause(token: str) -> str:
    """Give why a token is refused."""
    with pytest.raises(Unauthenticated) as refused:
        reader().read(token)
    return str(refused.value.facts["cause"])


def test_reads_whom_a_token_names() -> None:
    till = Principal("finance-hotel", Role.FINANCE, "hotel")
    for principal in (MEMBER, till):
        assert reader().read(mint_token(KEY, "k1", principal, now(), QUARTER)) == principal
    assert reader().read(signed(GOOD_HEADER, claims())) == MEMBER


def test_the_same_words_mint_the_same_token() -> None:
    moment = now()
    assert mint_token(KEY, "k1", MEMBER, moment, QUARTER) == mint_token(KEY, "k1", MEMBER, moment, QUARTER)


def test_refuses_a_token_that_nobody_signed() -> None:
    for alg in ("none", "None", "NONE", ""):
        token = f"{part({**GOOD_HEADER, 'alg': alg})}.{part(claims())}."
        assert cause(token) == "token-invalid"


def test_refuses_the_public_key_taken_for_a_secret() -> None:
    text = f"{part({**GOOD_HEADER, 'alg': 'HS256'})}.{part(claims())}"
    public = KEY.public_key().public_bytes_raw()
    for secret in (public, public_key_text(KEY).encode()):
        mark = hmac.new(secret, text.encode(), hashlib.sha256).digest()
        assert cause(f"{text}.{part(mark)}") == "token-invalid"


@pytest.mark.parametrize("alg", ["EdDSA", "Ed448", "ES256", "RS256", 5, None])
def test_refuses_every_other_algorithm(alg: object) -> None:
    assert cause(signed({**GOOD_HEADER, "alg": alg}, claims())) == "token-invalid"


def test_refuses_a_key_that_the_token_brings_along() -> None:
    forger = new_private_key()
    jwk = OKPKey.import_key(forger).as_dict(private=False)
    brought: tuple[dict[str, Any], ...] = (
        {"jwk": jwk},
        {"jku": "https://forger.test/keys"},
        {"x5u": "https://forger.test"},
        {"x5c": []},
    )
    for extra in brought:
        text = f"{part({**GOOD_HEADER, **extra})}.{part(claims())}"
        assert cause(f"{text}.{part(forger.sign(text.encode()))}") == "token-invalid"
        assert cause(signed({**GOOD_HEADER, **extra}, claims())) == "token-invalid"


def test_refuses_unknown_keys_without_asking_anybody_else() -> None:
    book = CountedKeys()
    known = TokenReader(book)
    for number in range(100):
        with pytest.raises(Unauthenticated) as refused:
            known.read(signed({**GOOD_HEADER, "kid": f"flood-{number}"}, claims()))
        assert refused.value.facts["cause"] == "key-unknown"
    assert book.asked == 100


def test_refuses_a_key_that_is_over() -> None:
    book = KeysInMemory()
    book.publish("k1", KEY.public_key(), now() - timedelta(seconds=1))
    with pytest.raises(Unauthenticated):
        TokenReader(book).read(signed(GOOD_HEADER, claims()))


def test_a_key_taken_back_ends_its_remembered_tokens() -> None:
    book = KeysInMemory()
    book.publish("k1", KEY.public_key(), now() + timedelta(days=1))
    known = TokenReader(book)
    token = signed(GOOD_HEADER, claims())
    assert known.read(token) == MEMBER
    book.publish("k1", KEY.public_key(), now() - timedelta(seconds=1))
    with pytest.raises(Unauthenticated):
        known.read(token)


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "other"},
        {"aud": ["tongfen"]},
        {"aud": None},
        {"iss": "other"},
        {"iss": None},
        {"role": "owner"},
        {"role": None},
        {"role": ["member"]},
        {"sub": ""},
        {"sub": None},
        {"sub": 5},
        {"sub": "x" * 200},
        {"unit": ""},
        {"unit": 5},
        {"exp": None},
        {"exp": "2999999999"},
        {"exp": 2999999999.5},
        {"exp": True},
        {"iat": None},
    ],
)
def test_refuses_claims_that_are_not_exactly_ours(changed: dict[str, Any]) -> None:
    assert cause(signed(GOOD_HEADER, claims(**changed))) == "token-invalid"


def test_refuses_an_expired_token_also_when_it_was_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    past = int(now().timestamp()) - 1
    assert cause(signed(GOOD_HEADER, claims(exp=past))) == "token-expired"
    known = reader()
    token = signed(GOOD_HEADER, claims())
    assert known.read(token) == MEMBER
    later = now() + QUARTER
    monkeypatch.setattr(tokens, "now", lambda: later)
    with pytest.raises(Unauthenticated) as refused:
        known.read(token)
    assert refused.value.facts["cause"] == "token-expired"


def test_refuses_a_megabyte_and_a_token_cut_or_changed() -> None:
    token = signed(GOOD_HEADER, claims())
    assert cause("a" * 1_000_000) == "token-too-long"
    assert cause(signed(GOOD_HEADER, claims(note="x" * 1_000_000))) == "token-too-long"
    head, payload, signature = token.split(".")
    other = part(claims(sub="mem_2"))
    for bent in (
        "",
        ".",
        "..",
        "...",
        head,
        f"{head}.{payload}",
        f"{head}.{payload}.",
        f"{head}.{other}.{signature}",
    ):
        assert cause(bent) == "token-invalid"
    assert cause(f"{token}.x") == "token-invalid"


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_refuses_another_type_and_a_token_of_another_signer() -> None:
    assert cause(signed({**GOOD_HEADER, "typ": "JWT"}, claims())) == "token-invalid"
    assert cause(signed({"alg": "Ed25519", "kid": "k1"}, claims())) == "token-invalid"
    assert cause(mint_token(new_private_key(), "k1", MEMBER, now(), QUARTER)) == "token-invalid"
    private = OKPKey.import_key(KEY)
    old = jwt.encode({"alg": "EdDSA", "kid": "k1", "typ": "at+jwt"}, claims(), private, algorithms=["EdDSA"])
    assert cause(old) == "token-invalid"


def test_remembers_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "REMEMBERED_MAX", 3)
    known = reader()
    for number in range(10):
        known.read(signed(GOOD_HEADER, claims(sub=f"mem_{number}")))
    assert len(vars(known)["_remembered"]) <= 3


@given(
    st.text(max_size=60)
    | st.binary(max_size=60).map(lambda raw: f"{part(GOOD_HEADER)}.{part(raw)}.{part(raw)}")
)
def test_no_token_is_a_defect(token: str) -> None:
    with pytest.raises(Unauthenticated):
        reader().read(token)


@given(
    st.dictionaries(
        st.sampled_from(["alg", "kid", "typ", "crit", "b64"]), st.none() | st.text() | st.lists(st.none())
    )
)
def test_no_header_is_a_defect(header: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        reader().read(signed(header, claims()))


@given(
    st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), st.lists, max_leaves=5)
)
def test_no_claims_are_a_defect(payload: Any) -> None:
    with pytest.raises(Unauthenticated):
        reader().read(signed(GOOD_HEADER, payload))


def test_at_the_door_a_token_opens_and_a_bent_one_is_401() -> None:
    stub = Stub()
    application = stub.application(tokens=reader())
    token = signed(GOOD_HEADER, claims())
    assert ask(application, body=GOOD, headers={**PROVEN, "authorization": f"Bearer {token}"}).status == 201
    for bent in (token[:-2], "é" * 10, "a" * 1_000_000, f"{token} {token}"):
        assert (
            ask(application, body=GOOD, headers={**PROVEN, "authorization": f"Bearer {bent}"}).status == 401
        )
