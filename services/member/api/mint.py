"""Mints access and refresh tokens, after the commit that they stand for. Refuses to keep any.

The pair of a session's generation is the same however often it is minted: Ed25519 draws nothing, and every
claim comes from the kept answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.jwk import OKPKey

from services.member.domain.signing_key import TOKEN_LASTS
from services.member.store.ring import Ring
from services.member.store.secret import Secret
from shared.kernel.principal import Principal, Role

ISSUER = "tongfen-member"
AUDIENCE = "tongfen"
ALGORITHM = "Ed25519"
"""The name of the algorithm. Source: RFC 9864."""


@dataclass(frozen=True, slots=True)
class Mint:
    """The keys under which tokens are signed, and the secret under which refresh tokens are marked."""

    ring: Ring
    secret: Secret

    def pair(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        """Mint the pair of tokens that a kept answer (member, session, generation, issued_at) names.

        :raises NoSigningKey: if no key signs at that moment.
        """
        issued_at = datetime.fromisoformat(kept["issued_at"])
        principal = Principal(kept["member"], Role.MEMBER)
        return {
            "access_token": self.access_token(principal, issued_at),
            "token_type": "Bearer",
            "expires_in": int(TOKEN_LASTS.total_seconds()),
            "refresh_token": self.secret.refresh_token(kept["session"], kept["generation"]),
            "member": kept["member"],
        }

    def access_token(self, principal: Principal, issued_at: datetime) -> str:
        """Mint a token of 15 minutes for a principal.

        :raises NoSigningKey: if no key signs at that moment.
        """
        key = self.ring.signing_at(issued_at)
        issued = int(issued_at.timestamp())
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": principal.subject,
            "role": principal.role.value,
            "iat": issued,
            "exp": issued + int(TOKEN_LASTS.total_seconds()),
        }
        if principal.unit is not None:
            claims["unit"] = principal.unit
        return _signed(key, claims)


def _signed(key: OKPKey, claims: dict[str, Any]) -> str:
    header = {"alg": ALGORITHM, "kid": key.kid, "typ": "at+jwt"}
    return jwt.encode(header, claims, key, algorithms=[ALGORITHM])
