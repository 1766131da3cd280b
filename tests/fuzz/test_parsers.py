"""Signatures, tokens, tickets, proofs, cursors, bodies, queries, events, words: each refuses at most.

`make fuzz` feeds each for five minutes; `make test` with the same three thousand inputs every time.
"""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import redirect_stdout
from datetime import timedelta
from io import StringIO

import orjson
import pytest
from joserfc import jws
from joserfc.jwk import OKPKey

from contracts.event import Unreadable, constant_headers, label_of, opened, own_headers, source_in
from services.member.main import openapi_app as member_app
from services.points.api.order_tickets import TYPE, TicketReader
from services.points.domain.order_ticket import NoTicket
from services.points.gateways.partner import PartnerSilent, void_word_in, word_in
from services.points.main import openapi_app as points_app
from shared.kernel.principal import Principal, Role
from shared.kernel.refusal import Refusal
from shared.runtime.clock import mint_id, now
from shared.runtime.hearing import Hearing, Record
from shared.runtime.traces import continue_trace
from shared.web.arrival import Arrival
from shared.web.clients import Client, ClientsInMemory
from shared.web.confirmations import TYPE as CONFIRMATION
from shared.web.confirmations import ConfirmationReader, mint_confirmation
from shared.web.cursor import Cursors
from shared.web.door import Passage
from shared.web.keys import new_private_key
from shared.web.language import chosen_language
from shared.web.signatures import RequestSigner, RequestVerifier
from shared.web.strict import parse, parse_query
from shared.web.tokens import ALGORITHM, AUDIENCE, ISSUER, TokenReader, mint_token
from tests.fuzz.feeding import FUZZ_S, fed
from tests.key_book import KeysInMemory
from tests.service.doors.samples import samples
from tests.unit.web.errand import GOOD, Stub, ask

pytestmark = pytest.mark.timeout(FUZZ_S + 120)
KEY = new_private_key()
URL = "http://tongfen.test/test/v1/redemptions"
GOLDEN = {
    "mem": b'{"member":"mem_01920000000070008000000000000000","unit":"hotel","number":"17"}',
    "client": b'{"client":"till-hotel"}',
}


def told(refusal: Refusal) -> Hashable:
    """Give what makes a refusal different from another one."""
    faults = refusal.facts.get("faults", ())
    return (refusal.code, refusal.facts.get("cause"), tuple(str(one.get("rule")) for one in faults))


def write_passages() -> dict[str, Passage]:
    """Give every route that takes a body, by method and path, so that its model is fed."""
    passages = [
        passage
        for application in (member_app(), points_app())
        for door in application.doors
        for passage in door.passages
    ]
    return {f"{one.method} {one.path}": one for one in passages if one.writes}


def test_bodies_of_every_write_are_taken_or_refused() -> None:
    given = {name: bytes(orjson.dumps(sample.body)) for name, sample in samples().items()}
    passages = write_passages()
    names = sorted(set(given) & set(passages))

    def body(raw: bytes) -> Hashable:
        # The first byte chooses the route, so that examples wander from one to the other.
        name = names[raw[0] % len(names)] if raw else names[0]
        try:
            parse(passages[name].takes, raw[1:], passages[name].limit)
        except Refusal as refusal:
            return name, told(refusal)
        return name, "taken"

    examples = [bytes([number]) + given[name] for number, name in enumerate(names)]
    assert len(fed(body, examples, "bodies").answers) > 2 * len(names)


def test_queries_of_every_read_are_taken_or_refused() -> None:
    models = sorted(
        {
            passage.takes
            for application in (member_app(), points_app())
            for door in application.doors
            for passage in door.passages
            if not passage.writes
        },
        key=lambda model: model.__name__,
    )

    def query(raw: bytes) -> Hashable:
        model = models[raw[0] % len(models)] if raw else models[0]
        try:
            parse_query(model, raw[1:])
        except Refusal as refusal:
            return model.__name__, told(refusal)
        return model.__name__, "taken"

    asked = b"limit=10&cursor=abc&at=2026-01-01T00:00:00%2B08:00&unit=hotel&order_no=1&day=2026-01-01"
    examples = [
        bytes([number]) + part for number in range(len(models)) for part in (b"", asked, *asked.split(b"&"))
    ]
    assert len(fed(query, examples, "queries").answers) > len(models)


def arrival_of(headers: list[tuple[bytes, bytes]], body: bytes = b"{}", method: str = "POST") -> Arrival:
    """Make a request with these headers."""

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body}

    scope = {
        "method": method,
        "scheme": "http",
        "path": "/test/v1/redemptions",
        "query_string": b"",
        "headers": [(b"host", b"tongfen.test"), *headers],
        "client": ("10.0.0.1", 1),
    }
    return Arrival(scope, receive)


def split_headers(raw: bytes) -> list[tuple[bytes, bytes]]:
    """Read lines of `name: value` as headers, however broken."""
    lines = (line.partition(b":") for line in raw.split(b"\n") if line)
    return [(name.strip().lower(), value.strip()) for name, _, value in lines]


def test_signature_headers_are_believed_or_refused() -> None:
    client = Client("till-hotel", Role.UNIT_SYSTEM, "hotel", KEY.public_key())
    verifier = RequestVerifier(ClientsInMemory({"till-hotel": client}))
    signed = RequestSigner("till-hotel", KEY).headers("POST", URL, b"{}", "a-key")
    example = "\n".join(f"{name}: {value}" for name, value in signed.items()).encode()

    def signature(raw: bytes) -> Hashable:
        try:
            verifier.verify(arrival_of(split_headers(raw)), b"{}", write=True)
        except Refusal as refusal:
            return told(refusal)
        return "believed"

    found = fed(signature, [example, b"signature-input: sig1=()\nsignature: sig1=::"], "signature headers")
    assert "believed" in found.answers
    assert len(found.answers) >= 2


def test_tokens_are_believed_or_refused() -> None:
    keys = KeysInMemory()
    keys.publish("k1", KEY.public_key(), now() + timedelta(days=1))
    reader = TokenReader(keys)
    token = mint_token(KEY, "k1", Principal("mem_1", Role.MEMBER), now(), timedelta(minutes=15))

    def read(raw: bytes) -> Hashable:
        try:
            return reader.read(raw.decode("latin-1")).role
        except Refusal as refusal:
            return told(refusal)

    found = fed(read, [token.encode(), b"eyJhbGciOiJub25lIn0.e30."], "tokens")
    assert {Role.MEMBER, ("unauthenticated", "token-invalid", ())} <= found.answers


def ticket_reader() -> TicketReader:
    """Read order tickets of one till, whose key is ours."""
    till = Client("till-hotel", Role.UNIT_SYSTEM, "hotel", KEY.public_key())
    return TicketReader(ClientsInMemory({"till-hotel": till}))


def signed_ticket(claims: bytes) -> str:
    """Sign whatever is claimed as that till would."""
    header = {"alg": ALGORITHM, "kid": "till-hotel", "typ": TYPE}
    return jws.serialize_compact(header, claims, OKPKey.import_key(KEY), algorithms=[ALGORITHM])


CLAIMS = bytes(
    orjson.dumps({"unit": "hotel", "order_no": "17", "price_fen": 100, "exp": 4_102_444_800, "number": "q1"})
)


def test_order_tickets_are_read_or_none() -> None:
    reader = ticket_reader()

    def read(raw: bytes) -> Hashable:
        return type(reader.read(raw.decode("latin-1"))).__name__

    examples = [signed_ticket(CLAIMS).encode(), b"e30.e30."]
    assert len(fed(read, examples, "order tickets").answers) == 2


def test_claims_of_order_tickets_are_read_or_none() -> None:
    """Whatever a till may sign: here the claims are broken, and the signature is not."""
    reader = ticket_reader()

    def read(raw: bytes) -> Hashable:
        shown = reader.read(signed_ticket(raw))
        return shown.cause if isinstance(shown, NoTicket) else "ticket"

    found = fed(read, [CLAIMS], "claims of order tickets").answers
    assert {"ticket", "claims", "signature"} <= found


def test_proofs_of_gifts_prove_or_do_not() -> None:
    """Whatever an app shows as confirmed by its member's phone."""
    keys = KeysInMemory()
    keys.publish("k1", KEY.public_key(), now() + timedelta(days=1))
    reader = ConfirmationReader(keys)
    whole = mint_confirmation(KEY, "k1", "mem_1", "gift 1", now() + timedelta(days=1)).encode()
    another = mint_confirmation(KEY, "k1", "mem_2", "gift 1", now() + timedelta(days=1)).encode()
    assert not reader.proves(another.decode(), "mem_1", "gift 1")

    def proves(raw: bytes) -> Hashable:
        said = reader.proves(raw.decode("latin-1"), "mem_1", "gift 1")
        # Of one signature base64 has several spellings; what is claimed has one.
        assert not said or raw.split(b".")[:2] == whole.split(b".")[:2], raw
        return said

    assert fed(proves, [whole, another, b"e30.e30."], "proofs of gifts").answers == {True, False}


def test_claims_of_proofs_prove_or_do_not() -> None:
    """Signed by member itself, whatever it claims."""
    keys = KeysInMemory()
    keys.publish("k1", KEY.public_key(), now() + timedelta(days=1))
    reader = ConfirmationReader(keys)
    header = {"alg": ALGORITHM, "kid": "k1", "typ": CONFIRMATION}
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "mem_1", "purpose": "gift 1", "exp": 4_102_444_800}

    def proves(raw: bytes) -> Hashable:
        proof = jws.serialize_compact(header, raw, OKPKey.import_key(KEY), algorithms=[ALGORITHM])
        return reader.proves(proof, "mem_1", "gift 1")

    assert fed(proves, [bytes(orjson.dumps(claims))], "claims of proofs of gifts").answers == {True, False}


def test_cursors_are_ours_or_refused() -> None:
    cursors = Cursors(b"a secret of at least 16 bytes")
    example = cursors.write("history", ["2026", 17]).encode()

    def read(raw: bytes) -> Hashable:
        try:
            return tuple(cursors.read("history", raw.decode("latin-1")))
        except Refusal as refusal:
            return told(refusal)

    # One spelling of base64 is as good as another, one place in the list is all that is believed.
    answers = fed(read, [example], "cursors").answers
    assert answers == {("2026", 17), ("malformed", None, ("cursor",))}


def test_events_of_other_services_are_read_or_unreadable() -> None:
    headers = constant_headers("member", "member.client.revoked")
    headers += own_headers(f"evt_{mint_id().replace('-', '')}", "till-hotel", 1, "2026-01-01T00:00:00Z", None)
    example = (
        b"\n".join(name.encode() + b": " + value for name, value in headers) + b"\n\n" + GOLDEN["client"]
    )
    hearing = Hearing({})

    def hear(raw: bytes) -> Hashable:
        head, _, body = raw.partition(b"\n\n")
        lines = [(name.decode("latin-1"), value) for name, value in split_headers(head)]
        source_in(lines)
        record = Record("tongfen.member.v1", 0, 0, "till-hotel", tuple(lines), body)
        noted = hearing.note(record) is not None
        try:
            event = opened(label_of(lines), body)
        except Unreadable as fault:
            return noted, str(fault)[:24]
        return noted, event.type

    late = example.replace(b"2026-01-01T00:00:00Z", b"9999-12-31T23:59:59-23:59")
    found = fed(hear, [example, late, example.replace(b"client.revoked", b"identity.linked")], "events")
    assert (True, "member.client.revoked") in found.answers


def test_whole_requests_never_meet_a_defect() -> None:
    """Method, address, headers and body at once, through the application: every status but 500."""
    keys = KeysInMemory()
    keys.publish("k1", KEY.public_key(), now() + timedelta(days=1))
    token = mint_token(KEY, "k1", Principal("mem_1", Role.MEMBER), now(), timedelta(hours=1))
    stub = Stub()
    stub.door.passages = [one for one in stub.door.passages if not one.path.endswith("/defects")]
    application = stub.application(TokenReader(keys), RequestVerifier(ClientsInMemory()))

    def request(raw: bytes) -> Hashable:
        head, _, body = raw.partition(b"\n\n")
        line, _, rest = head.partition(b"\n")
        method, _, address = line.decode("latin-1").partition(" ")
        path, _, query = address.partition("?")
        headers = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in split_headers(rest)
            if name not in (b"host", b"content-length")
        }
        given = {"authorization": f"Bearer {token}", "idempotency-key": "k", **headers}
        # A line of the log for each of a quarter of a million requests is nothing that anybody reads.
        with redirect_stdout(StringIO()):
            answer = ask(application, method, path, body, given, query.encode("utf-8", "replace").decode())
        assert answer.status != 500, answer.body
        return answer.status, answer.body[:60]

    examples = [
        b"POST /test/v1/redemptions\nidempotency-key: k1\naccept-language: zh-CN\n\n" + GOOD,
        b"GET /test/v1/redemptions?limit=10\ntraceparent: 00-" + b"0" * 32 + b"-b7ad6b7169203331-01\n\n",
        b"GET /problems/not-found?lang=zh\naccept: text/html\n\n",
        b"HEAD /livez\nx-request-id: abcdefgh\n\n",
    ]
    assert len(fed(request, examples, "whole requests").answers) > 5


def test_words_of_partners_are_read_or_silence() -> None:
    number = "vch_0192f0c47b2a7c3e8f10a2b3c4d5e001"

    def word(raw: bytes) -> Hashable:
        try:
            return type(word_in(raw, number)).__name__
        except PartnerSilent as silence:
            return str(silence)

    told = {"request_no": number, "state": "issued", "code": "R-1", "valid_until": "2026-12-31T00:00:00Z"}
    no = {"request_no": number, "state": "refused", "reason": "sold-out"}
    assert len(fed(word, [orjson.dumps(told), orjson.dumps(no)], "words of partners").answers) > 2

    def void_word(raw: bytes) -> Hashable:
        try:
            return void_word_in(raw, number).value
        except PartnerSilent as silence:
            return str(silence)

    words = [orjson.dumps({"request_no": number, "state": state}) for state in ("voided", "used", "unknown")]
    assert len(fed(void_word, words, "words about coupons that shall be void").answers) > 3


def test_language_and_trace_take_whatever_comes() -> None:
    def small(raw: bytes) -> Hashable:
        text = raw.decode("latin-1")
        return chosen_language(text), continue_trace(text).sampled

    trace = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert len(fed(small, [b"zh-CN,en;q=0.5", b"en", b"*;q=1e9", trace], "language and trace").answers) > 2
