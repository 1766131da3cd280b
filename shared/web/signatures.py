"""Signed requests (RFC 9421, Ed25519): written by clients, verified by doors.

Covered are exactly method, authority, path and query, and for a write the body's digest and the idempotency
key; not the target URI, which breaks behind a gateway. Refuses a signature that covers less, or more, or is
older than five minutes. Whether a number was used before is decided by the desk, with the write itself.
"""

import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import (
    ContentDigest,
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPSignatureKeyResolver,
)
from http_message_signatures.algorithms import ED25519

from shared.kernel.principal import Principal
from shared.kernel.refusal import Unauthenticated
from shared.runtime.clock import now
from shared.web.arrival import Arrival
from shared.web.callers import Signed
from shared.web.clients import ClientBook
from shared.web.signature_claim import SignatureClaim, SignatureParameters

LASTS = timedelta(seconds=300)
"""How old a signature may be."""

AHEAD = timedelta(seconds=5)
"""How far ahead of ours a client's clock may run."""

READ_COMPONENTS = ("@method", "@authority", "@path", "@query")
WRITE_COMPONENTS = (*READ_COMPONENTS, "content-digest")
KEYED_COMPONENTS = (*WRITE_COMPONENTS, "idempotency-key")

_LABEL = "tongfen"
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")


@dataclass(slots=True)
class _Message:
    """A request as the library wants it."""

    method: str
    url: str
    headers: dict[str, str]


class _OwnKey(HTTPSignatureKeyResolver):
    """Gives the one private key of a signer."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    def resolve_private_key(self, _key_id: str) -> Ed25519PrivateKey:
        """Give the key."""
        return self._key


def _components(*, write: bool, keyed: bool) -> tuple[str, ...]:
    if not write:
        return READ_COMPONENTS
    return KEYED_COMPONENTS if keyed else WRITE_COMPONENTS


class RequestSigner:
    """Signs requests of one client (importer, till, command line)."""

    def __init__(
        self, client_id: str, private_key: Ed25519PrivateKey, clock: Callable[[], datetime] = now
    ) -> None:
        self._client_id = client_id
        self._signer = HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=_OwnKey(private_key))
        self._clock = clock

    def headers(
        self, method: str, url: str, body: bytes = b"", idempotency_key: str | None = None
    ) -> dict[str, str]:
        """Give the headers to send: signature, digest and key; a new number used once at every call.

        :param url: the absolute address as the client calls it, with its query.
        :param body: the very bytes that will be sent; ignored for GET and HEAD.
        """
        write = method not in {"GET", "HEAD"}
        message = _Message(method, url, {})
        if idempotency_key is not None:
            message.headers["Idempotency-Key"] = idempotency_key
        self._signer.sign(
            message,
            key_id=self._client_id,
            created=self._clock(),
            nonce=token_urlsafe(18),
            label=_LABEL,
            covered_component_ids=_components(write=write, keyed=idempotency_key is not None),
            body=body if write else None,
        )
        return message.headers


class RequestVerifier:
    """Verifies signed requests at the doors."""

    def __init__(self, clients: ClientBook) -> None:
        self._clients = clients

    def verify(self, arrival: Arrival, body: bytes, *, write: bool) -> Signed:
        """Verify a request and give who signed it.

        :raises Unauthenticated: with its cause, if anything about the signature is not exactly as agreed.
        """
        wanted = _components(write=write, keyed=b"idempotency-key" in arrival.headers)
        try:
            claim = SignatureClaim.of(arrival.headers)
            if sorted(claim.covered) != sorted(wanted):
                raise Unauthenticated(cause="components-not-covered", needed=list(wanted))
            client = self._clients.find(claim.parameters.keyid)
            if client is None or not claim.is_true(client.public_key, arrival):
                raise Unauthenticated(cause="signature-invalid")
        except ValueError:
            raise Unauthenticated(cause="signature-invalid") from None
        if write:
            _check_digest(arrival.headers[b"content-digest"], body)
        return Signed(Principal(client.id, client.role, client.unit), *_number_of(claim.parameters))


def _number_of(parameters: SignatureParameters) -> tuple[str, datetime]:
    """Give the number used once, and until when it is to be remembered.

    :raises Unauthenticated: if it is none, or the signature is of another time.
    """
    created, present = datetime.fromtimestamp(parameters.created, UTC), now()
    if not created - AHEAD <= present < created + LASTS or parameters.expires <= present.timestamp():
        raise Unauthenticated(cause="signature-too-old")
    if parameters.nonce is None or not _NONCE.fullmatch(parameters.nonce):
        raise Unauthenticated(cause="nonce-missing")
    return parameters.nonce, created + LASTS + AHEAD


def _check_digest(said: bytes, body: bytes) -> None:
    """Check that the body is the one whose digest was signed.

    :raises Unauthenticated: if it is another.
    """
    # What nearly everybody sends is compared as it stands; anything else is the library's to read.
    if said == b"sha-256=:" + b64encode(sha256(body).digest()) + b":":
        return
    try:
        ContentDigest.verify(said, body)
    except HTTPMessageSignaturesException:
        raise Unauthenticated(cause="signature-invalid") from None
