"""Tokens (JWT): minted by member, read by every door. Refuses every algorithm but `Ed25519` (RFC 9864).

A token names its key by `kid`; keys come from events, so an unknown one is refused at once and nothing is
fetched, ever. A verified token is remembered by its hash until it expires: a check costs a whole request.
"""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from joserfc import jwt
from joserfc.jwk import GuestProtocol, OKPKey

from shared.kernel.principal import Principal, Role
from shared.kernel.refusal import Unauthenticated
from shared.runtime.clock import now

ALGORITHM = "Ed25519"
"""Source: RFC 9864; `EdDSA`, which leaves the curve open, is refused."""

ISSUER = "tongfen-member"
AUDIENCE = "tongfen"
TYPE = "at+jwt"
"""The type of an access token. Source: RFC 9068, section 2.1."""

TOKEN_MAX = 2048
"""The longest token in characters; ours have about 400."""

REMEMBERED_MAX = 20_000
"""How many verified tokens one process remembers; when full it begins anew."""

_HEADER = {"alg", "kid", "typ"}
_CLAIM_MAX = 128


class KeyBook(Protocol):
    """Knows the public keys of tokens; asked in the event loop, so it answers from memory."""

    def find(self, kid: str) -> Ed25519PublicKey | None:
        """Find a key that is published and not over."""


def kid_of(signature: GuestProtocol, type_: str) -> str:
    """Give the id of the key that a JWS names; its own opinion about keys (`jwk`, `jku`, `x5c`) refuses it.

    :raises LookupError: if it is of another type, or says more or less in its header than ours do.
    """
    header = signature.headers()
    if set(header) != _HEADER or header["typ"] != type_ or header["alg"] != ALGORITHM:
        raise LookupError("no header of ours")
    return str(header["kid"])


def mint_token(
    key: Ed25519PrivateKey, kid: str, principal: Principal, issued_at: datetime, lasts: timedelta
) -> str:
    """Mint an access token for a principal; the same arguments give the same token."""
    issued = int(issued_at.timestamp())
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": principal.subject,
        "role": principal.role.value,
        "iat": issued,
        "exp": issued + int(lasts.total_seconds()),
    }
    if principal.unit is not None:
        claims["unit"] = principal.unit
    header = {"alg": ALGORITHM, "kid": kid, "typ": TYPE}
    return jwt.encode(header, claims, OKPKey.import_key(key), algorithms=[ALGORITHM])


class TokenReader:
    """Verifies bearer tokens and gives their principals."""

    def __init__(self, keys: KeyBook) -> None:
        self._keys = keys
        self._remembered: dict[bytes, tuple[int, str, Principal]] = {}

    def read(self, token: str) -> Principal:
        """Verify a token and give whom it names.

        :raises Unauthenticated: with its cause, if it is expired or not a token of ours.
        """
        if len(token) > TOKEN_MAX:
            raise Unauthenticated(cause="token-too-long")
        mark = sha256(token.encode("latin-1", "replace")).digest()
        present = now().timestamp()
        remembered = self._remembered.get(mark)
        # The key is looked up again, so that a key taken back ends its tokens at once.
        if remembered is None or self._keys.find(remembered[1]) is None:
            remembered = self._verified(token)
            if len(self._remembered) >= REMEMBERED_MAX:
                self._remembered = {}
            self._remembered[mark] = remembered
        expires, _, principal = remembered
        if expires <= present:
            raise Unauthenticated(cause="token-expired")
        return principal

    def _key_of(self, signature: GuestProtocol) -> OKPKey:
        key = self._keys.find(kid_of(signature, TYPE))
        if key is None:
            raise Unauthenticated(cause="key-unknown")
        return OKPKey.import_key(key)

    def _verified(self, token: str) -> tuple[int, str, Principal]:
        """Check a token from the outside in and give its end, its key's id and whom it names."""
        try:
            read = jwt.decode(token, self._key_of, algorithms=[ALGORITHM])
            claims = read.claims
            ours = (claims["iss"], claims["aud"]) == (ISSUER, AUDIENCE)
            subject, unit = claims["sub"], claims.get("unit")
            texts = (subject,) if unit is None else (subject, unit)
            whole = type(claims["exp"]) is int and type(claims["iat"]) is int
            if (
                not ours
                or not whole
                or not all(type(text) is str and 0 < len(text) <= _CLAIM_MAX for text in texts)
            ):
                raise Unauthenticated(cause="token-invalid")
            return claims["exp"], str(read.header["kid"]), Principal(subject, Role(claims["role"]), unit)
        except Unauthenticated:
            raise
        except Exception:  # noqa: BLE001 - whatever a parser stumbles over, it is not a token of ours
            raise Unauthenticated(cause="token-invalid") from None
