"""Confirmations (JWT): member says that one member, by a code to their phone, confirmed one certain thing.

It is no access token (its type is another), names one subject and one purpose, and lasts five minutes.
Whoever does the thing checks it with the keys of tokens, and asks nobody. Refuses to remember which were
used: what is confirmed happens once by its own id.
"""

from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.jwk import GuestProtocol, OKPKey

from shared.runtime.clock import now
from shared.web.tokens import ALGORITHM, AUDIENCE, ISSUER, TOKEN_MAX, KeyBook, kid_of

TYPE = "confirmation+jwt"
LASTS = timedelta(minutes=5)


def mint_confirmation(
    key: Ed25519PrivateKey, kid: str, subject: str, purpose: str, confirmed_at: datetime
) -> str:
    """Mint the proof that the subject confirmed the purpose then; the same arguments give the same proof."""
    issued = int(confirmed_at.timestamp())
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": subject,
        "purpose": purpose,
        "iat": issued,
        "exp": issued + int(LASTS.total_seconds()),
    }
    header = {"alg": ALGORITHM, "kid": kid, "typ": TYPE}
    return jwt.encode(header, claims, OKPKey.import_key(key), algorithms=[ALGORITHM])


class ConfirmationReader:
    """Checks proofs with the keys under which tokens are believed."""

    def __init__(self, keys: KeyBook) -> None:
        self._keys = keys

    def proves(self, proof: str, subject: str, purpose: str) -> bool:
        """Tell whether the proof says, now, that this subject confirmed this purpose."""
        if len(proof) > TOKEN_MAX:
            return False
        try:
            claims = jwt.decode(proof, self._key_of, algorithms=[ALGORITHM]).claims
            ours = (claims["iss"], claims["aud"]) == (ISSUER, AUDIENCE)
            named = (claims["sub"], claims["purpose"]) == (subject, purpose)
            whole = type(claims["exp"]) is int
            return ours and named and whole and now().timestamp() < claims["exp"]
        except Exception:  # noqa: BLE001 - whatever a parser stumbles over, it is no proof of ours
            return False

    def _key_of(self, signature: GuestProtocol) -> OKPKey:
        key = self._keys.find(kid_of(signature, TYPE))
        if key is None:
            raise LookupError("no key of ours")
        return OKPKey.import_key(key)
